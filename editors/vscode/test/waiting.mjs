// Waits until something is so, and says what was there instead where it never was.
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

export const deadlineMs = 120_000; // a machine may be busy: only a failing test waits this long
const lookEveryMs = 50;

export async function until(what, read, isSo) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await read();
    if (isSo(seen)) return seen;
    if (Date.now() > end) throw new Error(`${what}: not so after ${deadlineMs} ms; seen last: ${inspect(seen)}`);
    await pause(lookEveryMs);
  }
}
