// Takes the README's picture, with a server and experts that are really installed:
//
//   ./run.sh screenshot.mjs --server "$(command -v lsp-experts)" --home FOLDER --output ../screenshot.png
//
// FOLDER is what LSP_EXPERTS_HOME names; go-carved must be in it.
import { parseArgs } from "node:util";

import { Editor } from "./editor.mjs";
import { until } from "./waiting.mjs";

const { values } = parseArgs({
  options: { server: { type: "string" }, home: { type: "string" }, output: { type: "string" } },
});
const main = `package main

import (
	"encoding/json"
	"net/http"
)

type Note struct {
	ID   int
	Text string
}

// listNotes answers with all notes as JSON.
func listNotes(w http.ResponseWriter, notes []Note) {
	‸
}
`;

const editor = await Editor.start({
  files: { "index.html": "<!doctype html>\n", "main.go": main, "schema.sql": "" },
  settings: {
    "editor.minimap.enabled": false,
    "editor.stickyScroll.enabled": false,
    "lspExperts.timeLimitMs": 60_000, // the picture does not depend on how busy the machine is
  },
  ...values,
});
try {
  await editor.open("main.go");
  await until("the expert is in memory", editor.statusBar, (text) => text.includes("HOT"));
  await editor.type("w.Header().");
  console.log(await until("ghost text", editor.ghostText, (text) => text !== ""));
  await editor.page.screenshot({ path: values.output });
} finally {
  await editor.close();
}
