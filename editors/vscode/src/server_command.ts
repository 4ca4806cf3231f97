// Which program is the server: the setting, what a packager put into the extension, PATH, ~/.local/bin. Pure but for
// the questions that `Machine` answers.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

export interface Machine {
  home: string;
  pathVariable: string;
  windows: boolean;
  isProgram(path: string): boolean;
}

/** How to start it; a subcommand such as "serve" goes behind `args`. */
export interface ServerCommand {
  program: string;
  args: string[];
}

export interface Wanted {
  path: string; // the setting lspExperts.server.path
  args: string[]; // the setting lspExperts.server.arguments
  extensionFolder: string;
}

/** The command, or a sentence that says why there is none. */
export function findServer(wanted: Wanted, machine: Machine): ServerCommand | string {
  if (wanted.path.trim()) {
    return fromSetting(wanted, machine);
  }
  const program = programs("lsp-experts", machine)
    .flatMap((name) => [
      join(wanted.extensionFolder, "bundled", "venv", machine.windows ? "Scripts" : "bin", name),
      ...pathFolders(machine).map((folder) => join(folder, name)),
      join(machine.home, ".local", "bin", name), // pipx and uv; an editor started from a desktop often lacks it in PATH
    ])
    .find((path) => machine.isProgram(path));
  return program
    ? { program, args: wanted.args }
    : "There is no `lsp-experts` in PATH. Completion needs this server: a Python program that runs on this machine.";
}

function fromSetting(wanted: Wanted, machine: Machine): ServerCommand | string {
  const path = wanted.path.trim().replace(/^~(?=$|[/\\])/, () => machine.home);
  const places = isAbsolute(path)
    ? programs(path, machine)
    : /[/\\]/.test(path)
      ? [] // relative to what? A workspace must not decide which program runs
      : pathFolders(machine).flatMap((folder) => programs(join(folder, path), machine));
  const program = places.find((place) => machine.isProgram(place));
  return program
    ? { program, args: wanted.args }
    : `The setting lspExperts.server.path says \`${path}\`, which is no absolute path of a program, and none in PATH.`;
}

function programs(path: string, machine: Machine): string[] {
  return machine.windows && !/\.exe$/i.test(path) ? [`${path}.exe`] : [path];
}

function pathFolders(machine: Machine): string[] {
  return machine.pathVariable.split(delimiter).filter(isAbsolute);
}

export function thisMachine(): Machine {
  return {
    home: homedir(),
    pathVariable: process.env["PATH"] ?? "",
    windows: process.platform === "win32",
    isProgram,
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
