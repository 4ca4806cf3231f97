// Statuses as the server tells them, for the tests.

import type { ExpertState, Focused, Silence, Status } from "../src/status";

export function expert(id: string, state: string, more: Partial<ExpertState> = {}): ExpertState {
  return { id, state, residentBytes: state === "HOT" ? 345_505_792 : 0, reason: "", ...more };
}

export function focused(language: string, experts: string[], more: Partial<Focused> = {}): Focused {
  const candidates = experts.map((id) => ({ id, reason: "expert" }));
  return { uri: "file:///w/main.go", language, experts: candidates, skipped: [], excluded: "", ...more };
}

export function status(more: Partial<Status> = {}): Status {
  return {
    enabled: true,
    budgetBytes: 12_320_065_536,
    residentBytes: 345_505_792,
    focused: focused("go", ["go-carved"]),
    experts: [expert("go-carved", "HOT")],
    problems: [],
    silences: {},
    lastSilence: null,
    ...more,
  };
}

export function silence(reason: string, detail = ""): Silence {
  return { reason, detail };
}
