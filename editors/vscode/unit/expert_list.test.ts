// Which experts are offered for a language, and what it takes to get one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { licenceQuestions, stepsTo, suitable, summaryOf, type Row } from "../src/expert_list";

function row(id: string, more: Partial<Row> = {}): Row {
  const plain = { languages: ["*"], kind: "base", base: null, size: 491e6, licence: "Apache-2.0", note: "A note." };
  return { id, ...plain, non_commercial: false, installed: false, ...more };
}

const BASE = row("base");
const GO = row("go-carved", { languages: ["go"], kind: "carved", base: "base", size: null });
const GIFT = row("gift", { languages: ["go"], licence: "CC-BY-NC-4.0", non_commercial: true });

test("the language's own experts come first, others not at all", () => {
  const html = row("html-carved", { languages: ["html"] });
  assert.deepEqual(suitable([BASE, html, GO], "go"), [GO, BASE]);
});

test("a carved expert is made from its base, which is fetched unless it is there", () => {
  const carve = ["carve", "--language", "go", "--id", "go-carved"];
  assert.deepEqual(stepsTo(GO, [BASE, GO]), [["pull", "base"], carve]);
  assert.deepEqual(stepsTo(GO, [{ ...BASE, installed: true }, GO]), [carve]);
});

test("an adapter is fetched, and its base", () => {
  const adapter = row("mine", { kind: "adapter", base: "base" });
  assert.deepEqual(stepsTo(adapter, [BASE, adapter]), [["pull", "base"], ["pull", "mine"]]);
});

test("a licence that asks for a yes is asked about, and the yes handed on", () => {
  assert.deepEqual(stepsTo(GIFT, [GIFT]), [["pull", "gift", "--yes"]]);
  assert.deepEqual(licenceQuestions(GIFT, [GIFT]), [
    "gift is for non-commercial use only. Licence: CC-BY-NC-4.0. A note.",
  ]);
  assert.deepEqual(licenceQuestions(GO, [BASE, GO]), []);
  const over = row("over", { base: "gift" });
  assert.equal(licenceQuestions(over, [GIFT, over]).length, 1);
  assert.equal(licenceQuestions(over, [{ ...GIFT, installed: true }, over]).length, 0);
});

test("a summary", () => {
  assert.equal(summaryOf(BASE), "491 MB, Apache-2.0");
  assert.equal(summaryOf(GO), "carved here from base, Apache-2.0");
  assert.equal(summaryOf({ ...GO, installed: true, size: 296e6 }), "296 MB, Apache-2.0");
});
