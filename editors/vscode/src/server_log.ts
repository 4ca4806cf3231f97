// The server's standard error as lines of the log, each at the level that the server gave it.

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogOutputChannel } from "vscode";

export interface LogLine {
  level: "error" | "warn" | "info" | "debug";
  text: string;
}

// As Python's logging writes it; VS Code puts its own time in front.
const LOGGED = /^\d{4}-\d\d-\d\d [\d:,]+ (CRITICAL|ERROR|WARNING|INFO|DEBUG) (.*)$/;
const LEVELS = { CRITICAL: "error", ERROR: "error", WARNING: "warn", INFO: "info", DEBUG: "debug" } as const;

/** A line that has no level of its own, as of a traceback, belongs to the one above it. */
export function logLine(line: string, above: LogLine["level"]): LogLine {
  const [, name, text] = LOGGED.exec(line) ?? [];
  return text === undefined ? { level: above, text: line } : { level: LEVELS[name as keyof typeof LEVELS], text };
}

export function logStandardError(input: Readable, log: LogOutputChannel): void {
  let above: LogLine["level"] = "error"; // what comes before the first log line is a program that did not start
  createInterface(input).on("line", (line) => {
    const { level, text } = logLine(line, above);
    above = level;
    log[level](text);
  });
}
