// Runs the server's program with another subcommand, as a child process.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CancellationToken } from "vscode";
import type { ServerCommand } from "./server_command";

/** What it printed on standard output; `onLine` gets each line of standard error. An Error has its last words. */
export function runCommandLine(
  { program, args }: ServerCommand,
  subcommand: string[],
  onLine: (line: string) => void = () => undefined,
  token?: CancellationToken,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, ...subcommand], { stdio: ["ignore", "pipe", "pipe"] });
    const cancelling = token?.onCancellationRequested(() => child.kill("SIGINT"));
    let printed = "";
    let lastLine = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    createInterface(child.stderr).on("line", (line) => {
      lastLine = line.trim() || lastLine;
      onLine(line);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      cancelling?.dispose();
      if (code === 0) {
        resolve(printed);
      } else {
        reject(new Error(lastLine || `\`lsp-experts ${subcommand.join(" ")}\` ended with ${String(code)}.`));
      }
    });
  });
}
