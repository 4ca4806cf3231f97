// A user has the extension, but no server yet: one message says so and helps, and naming the server is enough.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "./editor.mjs";
import { until } from "./waiting.mjs";

test("no server", async (t) => {
  const editor = await Editor.start({ files: { "main.go": "package main\n" } });
  t.after(() => editor.close());
  t.afterEach((step) => editor.picture(step.name));

  await t.test("One message says what is missing and what to do", async () => {
    const seen = await until("a message", editor.notifications, (text) => text.includes("lsp-experts"));
    assert.match(seen, /How to install/);
    assert.match(seen, /Set the path/);
    await until("the status bar", editor.statusBar, (text) => text.includes("missing"));
  });

  await t.test("Its button shows how to install it", async () => {
    await editor.page.click(".notification-toast >> text=How to install");
    await editor.page.waitForSelector(".tab.active[aria-label*='readme.md' i]");
  });

  await t.test("Opening a file brings no second message", async () => {
    await editor.open("main.go");
    assert.equal(await editor.notifications(), "");
  });
});
