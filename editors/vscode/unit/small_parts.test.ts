// The small pure parts: bytes for people, progress lines, log lines, the language at the cursor.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesForPeople } from "../src/numbers";
import { shareOf } from "../src/pull_progress";
import { logLine } from "../src/server_log";
import { languageHere } from "../src/status";
import { focused, status } from "./statuses";

test("bytes", () => {
  assert.equal(bytesForPeople(0), "0 MB");
  assert.equal(bytesForPeople(345_505_792), "346 MB");
  assert.equal(bytesForPeople(12_320_065_536), "12.3 GB");
});

test("the share of a download", () => {
  assert.equal(shareOf("base: 250.0 MB of 1,000.0 MB in 10 s (25.0 MB/s)"), 0.25);
  for (const line of ["base: 491.4 MB to come", "base: 10.0 MB in 3 s (3.0 MB/s)", "hello", "x: , MB of 1 MB "]) {
    assert.equal(shareOf(line), undefined, line);
  }
});

test("log lines keep the level that the server gave them", () => {
  const line = (level: string): string => `2026-01-02 03:04:05,678 ${level} lsp_experts.pool: it loads`;
  const text = "lsp_experts.pool: it loads";
  assert.deepEqual(logLine(line("INFO"), "error"), { level: "info", text });
  assert.deepEqual(logLine(line("WARNING"), "error"), { level: "warn", text });
  assert.deepEqual(logLine(line("CRITICAL"), "info"), { level: "error", text });
  assert.deepEqual(logLine("  File x, line 1", "error"), { level: "error", text: "  File x, line 1" });
});

test("the language of the region counts, in the focused document only", () => {
  const told = status({ focused: focused("css", ["css-carved"], { uri: "file:///a.html" }) });
  assert.equal(languageHere(told, "file:///a.html", "html"), "css");
  assert.equal(languageHere(told, "file:///b.html", "html"), "html");
  assert.equal(languageHere(undefined, "file:///b.html", "html"), "html");
});
