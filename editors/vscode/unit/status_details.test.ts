// A click lists the experts, why there was silence, and what can be done about it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { detailsOf } from "../src/status_details";
import type { ServerState } from "../src/status_bar";
import { expert, focused, silence, status } from "./statuses";

function running(more: Parameters<typeof status>[0] = {}): ServerState {
  return { kind: "running", status: status(more) };
}

function labels(server: ServerState): string[] {
  return detailsOf(server).map((line) => line.label);
}

function commands(server: ServerState): (string | undefined)[] {
  return detailsOf(server).flatMap((line) => (line.command ? [line.command] : []));
}

test("experts with state, memory and reason, the first one marked", () => {
  const html = expert("html-carved", "PARKED", { residentBytes: 30e6, reason: "parked", pinned: true });
  const lines = detailsOf(running({ experts: [expert("go-carved", "HOT"), html] }));
  const at = lines.findIndex((line) => line.heading);
  assert.deepEqual(lines.slice(at, at + 3), [
    { label: "experts, 346 MB of 12.3 GB", heading: true },
    { label: "$(zap) go-carved", description: "HOT, 346 MB" },
    { label: "$(database) html-carved", description: "PARKED, 30 MB, pinned", detail: "parked" },
  ]);
});

test("what leaves this machine, and where to", () => {
  const says = "text of this file goes to a.example";
  const remote = { id: "team-go", host: "a.example", state: "late", reason: "too late", says };
  const line = { label: "$(cloud) team-go", description: "late: too late", detail: says };
  assert.deepEqual(detailsOf(running({ remote }))[1], line);
  assert.ok(!labels(running({ remote: { ...remote, says: "" } })).includes("$(cloud) team-go"));
});

test("the last silence and the commonest ones", () => {
  const silences = { loading: 2, "not sure": 9, a: 1, b: 1, c: 1, d: 1 };
  const lines = detailsOf(running({ silences, lastSilence: silence("not sure", "0.1") }));
  const at = lines.findIndex((line) => line.label === "silence");
  assert.deepEqual(lines.slice(at + 1, at + 3), [
    { label: "$(mute) last: not sure", description: "0.1" },
    { label: "$(list-ordered) how often", description: "not sure 9, loading 2, a 1, b 1, c 1" },
  ]);
});

test("who stands in, and problems", () => {
  const server = running({ focused: focused("go", ["go-carved", "base"]), problems: ["entry x is wrong"] });
  const lines = detailsOf(server);
  assert.equal(lines.find((line) => line.label.includes("stand-ins"))?.description, "base (expert)");
  assert.equal(lines.find((line) => line.label.includes("problem"))?.detail, "entry x is wrong");
});

test("what can be done names the language", () => {
  assert.ok(labels(running()).includes("$(cloud-download) Pull an expert for go…"));
  assert.ok(!labels(running({ focused: null })).some((label) => label.includes("Pull")));
});

test("on and off", () => {
  assert.ok(labels(running()).includes("$(circle-slash) Switch completion off"));
  assert.ok(labels(running({ enabled: false })).includes("$(play) Switch completion on"));
});

test("without a server: what is wrong, and how to go on", () => {
  const missing: ServerState = { kind: "missing", why: "none in PATH" };
  assert.deepEqual(detailsOf(missing)[0], { label: "$(warning) lsp-experts is missing", detail: "none in PATH" });
  assert.deepEqual(commands(missing), ["lspExperts.setUpServer", "lspExperts.restart", "lspExperts.showLog"]);
  assert.deepEqual(commands({ kind: "stopped", why: "" }), ["lspExperts.restart", "lspExperts.showLog"]);
});
