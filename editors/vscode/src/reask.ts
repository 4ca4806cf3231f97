// When to ask again: the expert that was loading is there, and the cursor has not moved since. Pure: see ask_again.ts.

import { firstExpert, type Status } from "./status";

/** Where the cursor is, as one comparable text: document, version and position. */
export type Place = string;

export class Reask {
  private loadingSilences = 0;
  private waiting: Place | undefined;

  /** True once when the expert became HOT after a request at `place` was silent because it was loading. */
  isDue(status: Status, place: Place | undefined): boolean {
    const silences = status.silences?.["loading"] ?? 0;
    if (silences > this.loadingSilences) {
      this.waiting = place;
    }
    this.loadingSilences = silences;
    if (this.waiting === undefined || firstExpert(status)?.state !== "HOT") {
      return false;
    }
    const due = this.waiting === place;
    this.waiting = undefined;
    return due;
  }
}
