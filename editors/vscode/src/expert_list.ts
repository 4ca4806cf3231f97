// Which experts there are: what `lsp-experts experts --json` prints, and which of them suit a language. Pure.

import { bytesForPeople } from "./numbers";

export interface Row {
  id: string;
  languages: string[]; // "*": any
  kind: string;
  base: string | null;
  size: number | null;
  licence: string;
  non_commercial: boolean;
  note: string;
  installed: boolean;
}

const ANY = "*";

/** Those for the language itself first, then those for any. */
export function suitable(rows: Row[], language: string): Row[] {
  const own = rows.filter((row) => row.languages.includes(language));
  return [...own, ...rows.filter((row) => row.languages.includes(ANY))];
}

/** What the command line is asked for, one call after the other, to get this expert. */
export function stepsTo(row: Row, rows: Row[]): string[][] {
  const base = rows.find((other) => other.id === row.base);
  const first = base && !base.installed ? [pull(base)] : [];
  const carve = ["carve", "--language", row.languages[0] ?? "", "--id", row.id];
  return [...first, row.kind === "carved" ? carve : pull(row)];
}

function pull(row: Row): string[] {
  return ["pull", row.id, ...(row.non_commercial ? ["--yes"] : [])];
}

/** The licences that the user must agree to before these steps, a sentence each. */
export function licenceQuestions(row: Row, rows: Row[]): string[] {
  return [rows.find((other) => other.id === row.base && !other.installed), row]
    .filter((one): one is Row => one !== undefined && one.non_commercial)
    .map((one) => `${one.id} is for non-commercial use only. Licence: ${one.licence}. ${one.note}`);
}

/** How much is stored and under which licence, in a line. */
export function summaryOf(row: Row): string {
  const size = row.size === null ? "" : bytesForPeople(row.size);
  const made = row.kind === "carved" && !row.installed ? `carved here from ${row.base ?? "its base"}` : "";
  return [size, made, row.licence].filter(Boolean).join(", ");
}
