// The status bar names the expert, its state and its memory, and looks like a warning only where nothing will come.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lookOf, type ServerState } from "../src/status_bar";
import type { Status } from "../src/status";
import { expert, focused, silence, status } from "./statuses";

function check(name: string, server: ServerState | Status, text: string, severity: string, told: RegExp): void {
  test(name, () => {
    const look = lookOf("kind" in server ? server : { kind: "running", status: server });
    assert.equal(look.text, text);
    assert.equal(look.severity, severity);
    assert.match(look.tooltip, told);
  });
}

check("an expert in memory", status(), "$(zap) go-carved 346 MB", "normal", /^go-carved for go is in memory \(HOT\)/);
check("memory and its limit", status(), "$(zap) go-carved 346 MB", "normal", /Memory: 346 MB of 12\.3 GB\n/);
const remote = { id: "team-go", host: "a.example", state: "prompt", says: "text of this file goes to a.example" };
const alone = status({ focused: focused("go", []), remote });
check("a remote expert beside", status({ remote }), "$(zap) go-carved 346 MB", "normal", /\nText of this file goes to/);
check("a remote one alone", alone, "$(cloud) team-go", "normal", /Text of this file goes to/);
check(
  "the last silence",
  status({ lastSilence: silence("not sure", "0.1 is less than 0.4") }),
  "$(zap) go-carved 346 MB",
  "normal",
  /Last silence: not sure/,
);
for (const state of ["LOADING", "UNPARKING"]) {
  const loading = status({ experts: [expert("go-carved", state, { reason: "it loads" })] });
  check(state, loading, "$(loading~spin) go-carved", "normal", /on its way/);
}
check(
  "parked, and nobody asked",
  status({ experts: [expert("go-carved", "PARKED", { reason: "parked: html-carved needed its memory" })] }),
  "$(archive) go-carved",
  "normal",
  /is PARKED: parked: html-carved/,
);
check(
  "an expert that the pool has not seen",
  status({ experts: [] }),
  "$(archive) go-carved",
  "normal",
  /COLD: not asked for yet/,
);
check(
  "an expert that cannot come",
  status({
    experts: [expert("go-carved", "COLD", { reason: "it needs 900 MB" })],
    lastSilence: silence("not ready", "go-carved: it needs 900 MB"),
  }),
  "$(warning) go-carved",
  "warning",
  /does not answer: not ready \(go-carved: it needs 900 MB\)/,
);
check(
  "the same silence, while it loads",
  status({ experts: [expert("go-carved", "LOADING")], lastSilence: silence("not ready") }),
  "$(loading~spin) go-carved",
  "normal",
  /on its way/,
);
check(
  "no expert for the language",
  status({ focused: focused("rust", [], { skipped: [{ id: "rust-carved", reason: "not installed" }] }) }),
  "$(warning) no expert for rust",
  "normal",
  /^No installed expert serves rust\.\nClick to pull one$/,
);
check(
  "an expert that is there and refused",
  status({ focused: focused("rust", [], { skipped: [{ id: "rust-carved", reason: "quarantined" }] }) }),
  "$(warning) no expert for rust",
  "warning",
  /rust-carved: quarantined/,
);
check(
  "a document that is left alone",
  status({ focused: focused("go", ["go-carved"], { excluded: "secrets file" }) }),
  "$(circle-slash) secrets file",
  "normal",
  /No completion here/,
);
check("nothing in focus", status({ focused: null }), "$(zap) LSP Experts 346 MB", "normal", /No document/);
check("switched off", status({ enabled: false }), "$(circle-slash) Experts off", "normal", /Completion is off/);
check(
  "a server that cannot complete",
  { problems: ["llama.cpp is not built for this machine"] },
  "$(warning) LSP Experts",
  "warning",
  /llama\.cpp is not built/,
);
check("no server", { kind: "missing", why: "none in PATH" }, "$(warning) lsp-experts is missing", "warning", /PATH/);
check("a server that starts", { kind: "starting" }, "$(loading~spin) LSP Experts", "normal", /starts/);
check(
  "a server that told no status yet",
  { kind: "running", status: undefined },
  "$(loading~spin) LSP Experts",
  "normal",
  /starts/,
);
check("a server that ended", { kind: "stopped", why: "it ended" }, "$(error) LSP Experts", "error", /it ended/);
