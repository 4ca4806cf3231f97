// A request that was silent while its expert loaded is made again once, where the cursor still stands.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Reask, type Place } from "../src/reask";
import { expert, status } from "./statuses";
import type { Status } from "../src/status";

function told(state: string, loading: number): Status {
  return status({ experts: [expert("go-carved", state)], silences: loading ? { loading } : {} });
}

/** Each step: the state, how often "loading" was said, where the cursor is, and whether to ask again. */
function check(name: string, ...steps: [string, number, Place | undefined, boolean][]): void {
  test(name, () => {
    const reask = new Reask();
    for (const [state, loading, place, due] of steps) {
      assert.equal(reask.isDue(told(state, loading), place), due, `${state} ${loading} ${place}`);
    }
  });
}

check("it comes", ["LOADING", 0, "a", false], ["LOADING", 1, "a", false], ["HOT", 1, "a", true]);
check("once only", ["LOADING", 1, "a", false], ["HOT", 1, "a", true], ["HOT", 1, "a", false]);
check("nobody asked", ["LOADING", 0, "a", false], ["HOT", 0, "a", false]);
check("the cursor moved", ["LOADING", 1, "a", false], ["HOT", 1, "b", false], ["HOT", 1, "a", false]);
check("typed on meanwhile", ["LOADING", 1, "a", false], ["LOADING", 2, "b", false], ["HOT", 2, "b", true]);
check("no editor", ["LOADING", 1, undefined, false], ["HOT", 1, undefined, false]);
check(
  "a second time",
  ["LOADING", 1, "a", false],
  ["HOT", 1, "a", true],
  ["UNPARKING", 2, "b", false],
  ["HOT", 2, "b", true],
);
check(
  "a restarted server counts from the start",
  ["HOT", 5, "a", true],
  ["LOADING", 0, "b", false],
  ["LOADING", 1, "b", false],
  ["HOT", 1, "b", true],
);
