// Switch completion on or off: for the workspace where that says something of it, else for the user.

import * as vscode from "vscode";
import { SECTION } from "../server";

export async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const said = settings.inspect<boolean>("enabled");
  const target =
    said?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await settings.update("enabled", !settings.get("enabled", true), target);
}
