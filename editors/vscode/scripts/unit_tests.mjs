// Bundles unit/*.test.ts, which need no editor, and runs them.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const tests = readdirSync("unit").filter((name) => name.endsWith(".test.ts"));
await build({
  entryPoints: tests.map((name) => `unit/${name}`),
  outdir: "out/unit",
  bundle: true,
  platform: "node",
  format: "cjs",
  outExtension: { ".js": ".cjs" },
});
const built = tests.map((name) => `out/unit/${name.replace(/\.ts$/, ".cjs")}`);
process.exitCode = spawnSync(process.execPath, ["--test", ...built], { stdio: "inherit" }).status ?? 1;
