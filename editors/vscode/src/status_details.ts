// What a click on the status bar lists. Pure: commands/show_status.ts shows it.

import { bytesForPeople } from "./numbers";
import { firstExpert, type Status } from "./status";
import { lookOf, type ServerState } from "./status_bar";

/** A line of the list; `command` runs when it is chosen, a `heading` cannot be. */
export interface Line {
  label: string;
  description?: string;
  detail?: string;
  command?: string;
  heading?: boolean;
}

const COMMONEST = 5;

export function detailsOf(server: ServerState): Line[] {
  if (server.kind === "running" && server.status) {
    return [...here(server.status), ...experts(server.status), ...silences(server.status), ...actions(server.status)];
  }
  const { text, tooltip } = lookOf(server);
  const setUp = { label: "$(tools) Set up the server…", command: "lspExperts.setUpServer" };
  return [{ label: text, detail: tooltip }, ...(server.kind === "missing" ? [setUp] : []), ...upkeep()];
}

function here(status: Status): Line[] {
  const { text, tooltip } = lookOf({ kind: "running", status });
  const sentence = tooltip.replace(/\n.*/s, "");
  const instead = (status.focused?.experts ?? []).slice(1).map(({ id, reason }) => `${id} (${reason})`);
  return [
    { label: text, detail: sentence },
    ...(instead.length ? [{ label: "$(arrow-swap) stand-ins", description: instead.join(", ") }] : []),
    ...remote(status),
    ...status.problems.map((problem) => ({ label: "$(warning) problem", detail: problem })),
  ];
}

function remote({ remote }: Status): Line[] {
  if (!remote?.says) {
    return [];
  }
  const state = [remote.state === "prompt" ? "" : remote.state, remote.reason ?? ""].filter(Boolean).join(": ");
  return [{ label: `$(cloud) ${remote.id}`, description: state, detail: remote.says }];
}

function experts(status: Status): Line[] {
  const resident = bytesForPeople(status.residentBytes ?? 0);
  const budget = bytesForPeople(status.budgetBytes ?? 0);
  const first = firstExpert(status)?.id;
  const known = (status.experts ?? []).map((expert) => ({
    label: `${expert.id === first ? "$(zap)" : "$(database)"} ${expert.id}`,
    description: [
      expert.state,
      expert.residentBytes ? bytesForPeople(expert.residentBytes) : "",
      expert.pinned ? "pinned" : "",
    ]
      .filter(Boolean)
      .join(", "),
    ...(expert.reason ? { detail: expert.reason } : {}),
  }));
  return [{ label: `experts, ${resident} of ${budget}`, heading: true }, ...known];
}

function silences(status: Status): Line[] {
  const last = status.lastSilence;
  if (!last) {
    return [];
  }
  const counts = Object.entries(status.silences ?? {}).sort(([, a], [, b]) => b - a);
  const commonest = counts.slice(0, COMMONEST).map(([reason, count]) => `${reason} ${count}`);
  return [
    { label: "silence", heading: true },
    { label: `$(mute) last: ${last.reason}`, description: last.detail },
    { label: "$(list-ordered) how often", description: commonest.join(", ") },
  ];
}

function actions(status: Status): Line[] {
  const language = status.focused?.language;
  const forLanguage = language
    ? [
        { label: `$(star) Choose the expert for ${language}…`, command: "lspExperts.chooseExpert" },
        { label: `$(cloud-download) Pull an expert for ${language}…`, command: "lspExperts.pullExpert" },
      ]
    : [];
  const toggle = status.enabled === false ? "$(play) Switch completion on" : "$(circle-slash) Switch completion off";
  return [
    { label: "", heading: true },
    ...forLanguage,
    { label: toggle, command: "lspExperts.toggle" },
    ...upkeep(),
  ];
}

function upkeep(): Line[] {
  return [
    { label: "$(debug-restart) Restart the server", command: "lspExperts.restart" },
    { label: "$(output) Show the log", command: "lspExperts.showLog" },
  ];
}
