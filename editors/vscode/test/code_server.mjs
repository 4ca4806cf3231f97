// Runs VS Code's server part (code-server) with the extension installed, on a free port of this machine.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { codeServer, extension } from "./tools.mjs";
import { until } from "./waiting.mjs";

const listening = /listening on (http:\/\/\S+?)\/?\s/;

export async function startCodeServer(profile) {
  const folders = ["--user-data-dir", profile.data, "--extensions-dir", profile.extensions];
  const env = environment(profile);
  await promisify(execFile)(codeServer, [...folders, "--install-extension", extension], { env });
  const quietly = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
  const child = spawn(codeServer, [...folders, ...quietly, "--bind-addr", "127.0.0.1:0", profile.workspace], {
    env,
    detached: true, // a process group of its own, so that stop() ends all of it
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (output += bytes));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const end = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGTERM");
  };
  process.once("exit", end); // an interrupted test leaves nothing running
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const stop = async () => {
    end();
    await ended;
  };
  try {
    await until("code-server listens", () => output, () => listening.test(output) || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`code-server ended: ${output}`);
  } catch (problem) {
    await stop();
    throw problem;
  }
  const url = `${listening.exec(output)[1]}/?folder=${encodeURIComponent(profile.workspace)}`;
  return { url, output: () => output, stop };
}

// No folder of the user's own is seen or written, and no `lsp-experts` that the user has installed is found.
function environment(profile) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LSP_EXPERTS_TEST_|VSCODE_|XDG_)/.test(name));
  const path = process.env.PATH.split(delimiter).filter((folder) => !existsSync(join(folder, "lsp-experts")));
  return {
    ...Object.fromEntries(inherited),
    HOME: profile.root,
    PATH: path.join(delimiter),
    LSP_EXPERTS_HOME: profile.home,
  };
}
