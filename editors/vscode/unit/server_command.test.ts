// The server is found as the setting says, then in the extension, in PATH, in ~/.local/bin; no workspace has a say.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findServer, thisMachine, type Machine, type Wanted } from "../src/server_command";

const BUNDLED = "/extension/bundled/venv/bin/lsp-experts";
const IN_PATH = "/usr/bin/lsp-experts";
const OF_USER = "/home/me/.local/bin/lsp-experts";

function machine(programs: string[], more: Partial<Machine> = {}): Machine {
  const isProgram = (path: string): boolean => programs.includes(path);
  return { home: "/home/me", pathVariable: "/opt/bin:/usr/bin", windows: false, isProgram, ...more };
}

function check(name: string, there: Machine, wanted: Partial<Wanted>, found: string | RegExp): void {
  test(name, () => {
    const command = findServer({ path: "", args: ["-x"], extensionFolder: "/extension", ...wanted }, there);
    if (typeof found === "string") {
      assert.deepEqual(command, { program: found, args: ["-x"] });
    } else {
      assert.match(String(command), found);
    }
  });
}

const ALL = [BUNDLED, IN_PATH, OF_USER];
check("the setting comes first", machine([...ALL, "/my/server"]), { path: "/my/server" }, "/my/server");
check("the home folder in the setting", machine(["/home/me/x"]), { path: "~/x" }, "/home/me/x");
check("a name in the setting is looked up in PATH", machine(["/opt/bin/uvx"]), { path: " uvx " }, "/opt/bin/uvx");
check("a wrong setting is not passed over", machine(ALL), { path: "/my/server" }, /says `\/my\/server`/);
check("a relative path is refused", machine([...ALL, "bin/server"]), { path: "bin/server" }, /no absolute path/);
check("what came with the extension", machine(ALL), {}, BUNDLED);
check("PATH", machine([IN_PATH, OF_USER]), {}, IN_PATH);
check("~/.local/bin, which desktops leave out", machine([OF_USER]), {}, OF_USER);
check(
  "a relative folder in PATH is skipped",
  machine(["lsp-experts", "./lsp-experts"], { pathVariable: ".::" }),
  {},
  /no `lsp-experts`/,
);
check("nowhere", machine([]), {}, /no `lsp-experts` in PATH/);
check("Windows", machine(["/usr/bin/lsp-experts.exe"], { windows: true }), {}, "/usr/bin/lsp-experts.exe");

test("this machine knows programs from files and folders", () => {
  const { isProgram } = thisMachine();
  assert.equal(isProgram(process.execPath), true);
  assert.equal(isProgram("/"), false);
  assert.equal(isProgram("/no/such/program"), false);
});
