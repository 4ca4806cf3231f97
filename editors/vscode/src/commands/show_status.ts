// List the experts, their memory and the last silence; what a line offers, choosing it does.

import * as vscode from "vscode";
import type { Server } from "../server";
import { detailsOf } from "../status_details";

export async function showStatus(server: Server): Promise<void> {
  const items = detailsOf(server.state).map(({ heading, ...line }) => ({
    ...line,
    kind: heading ? vscode.QuickPickItemKind.Separator : vscode.QuickPickItemKind.Default,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: "LSP Experts",
    placeHolder: "What is in memory, and why nothing came",
    matchOnDescription: true,
  });
  if (chosen?.command) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
