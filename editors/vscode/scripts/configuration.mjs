// Writes the server's settings into package.json, from the schema that it publishes. Run it after a setting changed.

import { readFileSync, writeFileSync } from "node:fs";

const SCHEMA = new URL("../../../lsp_experts/data/settings.schema.json", import.meta.url);
const PACKAGE = new URL("../package.json", import.meta.url);

// These say something of a machine and not of a user: VS Code does not carry them to the next one.
const OF_A_MACHINE = new Set(["memoryBudgetBytes", "threads", "gpuLayers", "interpreter", "onBattery"]);

const OF_THE_EXTENSION = {
  "lspExperts.server.path": {
    type: "string",
    default: "",
    scope: "machine",
    description:
      "The program that is the server: an absolute path, or a name in PATH. " +
      "Empty: `lsp-experts`, as it comes with the extension, in PATH or in ~/.local/bin.",
  },
  "lspExperts.server.arguments": {
    type: "array",
    items: { type: "string" },
    default: [],
    scope: "machine",
    description:
      'Arguments in front of the subcommand, such as ["-m", "lsp_experts"] where the path names a Python, ' +
      'or ["lsp-experts"] for uvx.',
  },
};

const schema = JSON.parse(readFileSync(SCHEMA, "utf8")).properties.lspExperts.properties;
const ofTheServer = Object.entries(schema).map(([name, about]) => [
  `lspExperts.${name}`,
  { ...about, scope: OF_A_MACHINE.has(name) ? "machine-overridable" : "window" },
]);
const manifest = JSON.parse(readFileSync(PACKAGE, "utf8"));
manifest.contributes.configuration = [
  { title: "LSP Experts", properties: Object.fromEntries(ofTheServer) },
  { title: "Server", properties: OF_THE_EXTENSION },
];
writeFileSync(PACKAGE, `${JSON.stringify(manifest, null, 2)}\n`);
