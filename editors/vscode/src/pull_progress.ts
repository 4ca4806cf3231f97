// How far a download is, from the lines that the command line prints where there is no terminal. Pure.

const SHARE = /: ([\d,.]+) MB of ([\d,.]+) MB /;

/** 0 to 1, or undefined where the line says nothing of that. */
export function shareOf(line: string): number | undefined {
  const [, done, all] = SHARE.exec(line) ?? [];
  const share = megabytes(done) / megabytes(all);
  return share >= 0 && share <= 1 ? share : undefined;
}

function megabytes(text: string | undefined): number {
  return Number((text ?? "").replaceAll(",", "") || Number.NaN);
}
