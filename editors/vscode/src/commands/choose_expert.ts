// Choose which expert is asked first in the language at the cursor, or leave it to the server.

import * as vscode from "vscode";
import { summaryOf } from "../expert_list";
import { offeredExperts } from "../offered_experts";
import { SECTION, type Server } from "../server";

interface Choice extends vscode.QuickPickItem {
  expert?: string;
  pull?: boolean;
}

export async function chooseExpert(server: Server): Promise<void> {
  const offered = await offeredExperts(server);
  if (!offered) {
    return;
  }
  const { language } = offered;
  const settings = vscode.workspace.getConfiguration(SECTION);
  // The user's own value, not what a workspace adds to it.
  const chosen = settings.inspect<Record<string, string>>("preferred")?.globalValue ?? {};
  const choices: Choice[] = [
    { label: "Let the server choose", description: chosen[language] ? "" : "as now" },
    ...offered.suitable
      .filter((row) => row.installed)
      .map((row) => ({
        label: row.id,
        description: `${summaryOf(row)}${chosen[language] === row.id ? ", as now" : ""}`,
        detail: row.note,
        expert: row.id,
      })),
    { label: "$(cloud-download) Pull another expert…", pull: true },
  ];
  const title = `The expert that is asked first for ${language}`;
  const picked = await vscode.window.showQuickPick(choices, { title });
  if (picked?.pull) {
    await vscode.commands.executeCommand("lspExperts.pullExpert");
  } else if (picked) {
    const { [language]: _, ...others } = chosen;
    const wanted = picked.expert ? { ...others, [language]: picked.expert } : others;
    const value = Object.keys(wanted).length ? wanted : undefined;
    await settings.update("preferred", value, vscode.ConfigurationTarget.Global);
  }
}
