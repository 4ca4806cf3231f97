// A user writes Go, then HTML: each has its expert, the status bar says which, and off is off.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "./editor.mjs";
import { serverStatus } from "./server_status.mjs";
import { scriptedServer } from "./tools.mjs";
import { until } from "./waiting.mjs";

const files = {
  "main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\t‸\n}\n',
  "index.html": "<!doctype html>\n<ul>\n  ‸\n</ul>\n",
};
const goLine = 'fmt.Println("the Go expert")';
const htmlLine = "<li>the HTML expert</li>";

test("two languages, two experts", async (t) => {
  const editor = await Editor.start({ files, server: scriptedServer });
  t.after(() => editor.close());
  t.afterEach((step) => editor.picture(step.name));
  const ghost = (text) => until("ghost text", editor.ghostText, (seen) => seen === text);
  const server = (what, isSo) => until(what, () => serverStatus(editor.profile), isSo);
  const statusBar = (...parts) =>
    until("the status bar", editor.statusBar, (seen) => parts.every((part) => seen.includes(part)));

  await t.test("Go: ghost text while typing, also if the expert was still loading", async () => {
    await editor.open("main.go");
    await statusBar("go-carved");
    await editor.type("fmt.");
    await ghost(goLine.slice("fmt.".length));
    await statusBar("go-carved", "HOT");
  });

  await t.test("Tab accepts it, and the server is told", async () => {
    await editor.press("Tab");
    await editor.saved("main.go", (text) => text === files["main.go"].replace("‸", goLine));
    await server("accepted suggestions", ({ suggestions }) => suggestions?.accepted === 1);
  });

  await t.test("HTML: the status bar names its expert before a key is pressed, ghost text is from it", async () => {
    await editor.open("index.html");
    await statusBar("html-carved", "HOT");
    await editor.type("<");
    await ghost(htmlLine.slice("<".length));
    await editor.press("Tab");
    await editor.saved("index.html", (text) => text === files["index.html"].replace("‸", htmlLine));
  });

  await t.test("A click on the status bar lists the experts", async () => {
    await editor.clickStatusBar();
    await until("the list", editor.quickPick, (seen) => seen.includes("go-carved") && seen.includes("html-carved"));
  });

  await t.test("Off: no ghost text, and the status bar says so", async () => {
    await editor.press("Escape");
    await editor.backToText();
    await editor.run("LSP Experts: Switch Completion On or Off");
    await statusBar("off");
    await editor.backToText();
    await editor.press("Enter");
    await editor.type("<");
    await server("the last silence", ({ lastSilence }) => lastSilence?.reason === "off");
    assert.equal(await editor.ghostText(), "");
  });

  await t.test("On again: ghost text is back", async () => {
    await editor.run("LSP Experts: Switch Completion On or Off");
    await statusBar("html-carved", "HOT");
    await editor.backToText();
    for (const key of ["Control+Shift+K", "ArrowUp", "Control+Shift+K"]) await editor.press(key); // it never says a line twice
    await editor.press("Control+Shift+Enter");
    await editor.type("<");
    await ghost(htmlLine.slice("<".length));
  });

  await t.test("After a restart of the server the status bar names the expert of the open document", async () => {
    const before = (await serverStatus(editor.profile)).process;
    await editor.run("LSP Experts: Restart the Server");
    await server("a new process", ({ process }) => process !== undefined && process !== before);
    await statusBar("html-carved", "HOT");
  });
});
