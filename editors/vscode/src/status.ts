// What the server says of itself (lspExperts/status), as far as this extension shows it.

export interface Silence {
  reason: string;
  detail: string;
}

export interface ExpertState {
  id: string;
  state: string; // HOT, LOADING, UNPARKING, PARKED, CACHED or COLD
  residentBytes: number;
  reason: string; // why it is not HOT
  pinned?: boolean;
}

export interface Focused {
  uri: string;
  language: string;
  experts: { id: string; reason: string }[];
  skipped: { id: string; reason: string }[];
  excluded: string; // why the document gets no completion
}

/** A remote expert that is asked beside the local ones; `id` is empty where none may be. */
export interface RemoteExpert {
  id: string;
  host: string;
  state: string; // unknown, prompt, late, resting or off
  reason?: string;
  says: string; // what leaves this machine, "" where nothing does
}

// Everything but `problems` is missing where the server could not build its completer.
export interface Status {
  enabled?: boolean;
  saving?: string;
  budgetBytes?: number;
  residentBytes?: number;
  focused?: Focused | null;
  experts?: ExpertState[];
  remote?: RemoteExpert | null;
  problems: string[];
  silences?: Record<string, number>;
  lastSilence?: Silence | null;
  suggestions?: { shown?: number; accepted?: number };
  version?: string;
}

/** The expert that answers in the focused document first, as the pool knows it; undefined where nobody does. */
export function firstExpert(status: Status): ExpertState | undefined {
  const id = status.focused?.experts[0]?.id;
  if (id === undefined) {
    return undefined;
  }
  const known = status.experts?.find((expert) => expert.id === id);
  return known ?? { id, state: "COLD", residentBytes: 0, reason: "not asked for yet" };
}

export function isLoading(expert: ExpertState): boolean {
  return expert.state === "LOADING" || expert.state === "UNPARKING";
}

/** The language under the cursor (of the region, in a mixed file), else the document's. */
export function languageHere(status: Status | undefined, uri: string, languageId: string): string {
  const focused = status?.focused;
  return focused && focused.uri === uri && focused.language ? focused.language : languageId;
}
