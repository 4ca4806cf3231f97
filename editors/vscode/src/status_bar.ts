// What the status bar shows for a state of the server. Pure: status_item.ts draws it.

import { bytesForPeople } from "./numbers";
import { firstExpert, isLoading, type Focused, type Status } from "./status";

/** The server, seen from outside: `running` has a status as soon as it told one. */
export type ServerState =
  | { kind: "missing"; why: string }
  | { kind: "starting" }
  | { kind: "stopped"; why: string }
  | { kind: "running"; status: Status | undefined };

export interface Look {
  text: string;
  tooltip: string;
  severity: "normal" | "warning" | "error";
}

// After these an expert that is not on its way to memory says nothing until something changes.
const LASTING_SILENCES = new Set(["not ready", "saving battery", "engine died", "engine error"]);

const NOT_INSTALLED = "not installed"; // why the server skips what nobody pulled

export function lookOf(server: ServerState): Look {
  switch (server.kind) {
    case "missing":
      return warning("lsp-experts is missing", server.why);
    case "starting":
      return normal("$(loading~spin) LSP Experts", "The server starts.");
    case "stopped":
      return { text: "$(error) LSP Experts", tooltip: server.why, severity: "error" };
    case "running":
      return server.status === undefined ? lookOf({ kind: "starting" }) : runningLook(server.status);
  }
}

function runningLook(status: Status): Look {
  if (status.enabled === undefined) {
    return warning("LSP Experts", status.problems[0] ?? "The server cannot complete; its log says why.");
  }
  if (!status.enabled) {
    return normal("$(circle-slash) Experts off", "Completion is off: nothing is loaded, nothing answers.");
  }
  const focused = status.focused;
  if (!focused) {
    return normal(`$(zap) LSP Experts${memoryText(status)}`, withMemory("No document has the focus yet.", status));
  }
  if (focused.excluded) {
    return normal(`$(circle-slash) ${focused.excluded}`, `No completion here: ${focused.excluded}.`);
  }
  const expert = firstExpert(status);
  if (!expert) {
    return status.remote?.says ? aloneLook(status.remote.id, status) : nobodyLook(focused);
  }
  const here = `${expert.id} for ${focused.language}`;
  if (expert.state === "HOT") {
    return normal(`$(zap) ${expert.id}${memoryText(status)}`, withMemory(`${here} is in memory (HOT).`, status));
  }
  if (isLoading(expert)) {
    return normal(`$(loading~spin) ${expert.id}`, withMemory(`${here} is on its way into memory.`, status));
  }
  const silence = status.lastSilence;
  if (silence && LASTING_SILENCES.has(silence.reason)) {
    const why = silence.detail ? `${silence.reason} (${silence.detail})` : silence.reason;
    return warning(expert.id, withMemory(`${here} does not answer: ${why}.`, status));
  }
  const why = expert.reason ? `: ${expert.reason}` : "";
  return normal(`$(archive) ${expert.id}`, withMemory(`${here} is ${expert.state}${why}.`, status));
}

function aloneLook(remote: string, status: Status): Look {
  return normal(`$(cloud) ${remote}`, withMemory(`${remote} answers alone.`, status));
}

/** A warning sign; the colour of a warning only where an expert is there and refused, not for each text file. */
function nobodyLook({ language, skipped }: Focused): Look {
  const refused = skipped.filter(({ reason }) => reason !== NOT_INSTALLED).map(({ id, reason }) => `${id}: ${reason}`);
  const look = warning(
    `no expert for ${language || "this language"}`,
    [`No installed expert serves ${language || "this language"}.`, ...refused, "Click to pull one"].join("\n"),
  );
  return refused.length ? look : { ...look, severity: "normal" };
}

function memoryText(status: Status): string {
  return status.residentBytes ? ` ${bytesForPeople(status.residentBytes)}` : "";
}

function withMemory(sentence: string, status: Status): string {
  const resident = bytesForPeople(status.residentBytes ?? 0);
  const budget = bytesForPeople(status.budgetBytes ?? 0);
  const silence = status.lastSilence ? `\nLast silence: ${status.lastSilence.reason}` : "";
  const leaves = status.remote?.says ? `\n${capitalised(status.remote.says)}.` : "";
  return `${sentence}${leaves}\nMemory: ${resident} of ${budget}${silence}\nClick for details`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function normal(text: string, tooltip: string): Look {
  return { text, tooltip, severity: "normal" };
}

function warning(text: string, tooltip: string): Look {
  return { text: `$(warning) ${text}`, tooltip, severity: "warning" };
}
