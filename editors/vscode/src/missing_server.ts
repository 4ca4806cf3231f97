// The one message that a user without the server gets: what it is, how to install it, where to name it.

import * as vscode from "vscode";
import type { Server } from "./server";

const TOLD = "lspExperts.toldThatServerIsMissing";
const INSTALL = "How to install";
const SET_PATH = "Set the path";
const TRY_AGAIN = "Try again";

/** Shows it once; it comes back after the server was there and is gone again. The status bar item stays. */
export function tellOfMissingServer(server: Server, context: vscode.ExtensionContext): vscode.Disposable {
  const told = context.globalState;
  return server.onDidChange((state) => {
    if (state.kind === "running") {
      void told.update(TOLD, undefined);
    } else if (state.kind === "missing" && told.get(TOLD) !== state.why) {
      void told.update(TOLD, state.why);
      void vscode.commands.executeCommand("lspExperts.setUpServer");
    }
  });
}

export async function askWhereServerIs(server: Server, why: string, readme: vscode.Uri): Promise<void> {
  const chosen = await vscode.window.showWarningMessage(`LSP Experts: ${why}`, INSTALL, SET_PATH, TRY_AGAIN);
  if (chosen === INSTALL) {
    await vscode.commands.executeCommand("markdown.showPreview", readme);
  } else if (chosen === SET_PATH) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "lspExperts.server");
  } else if (chosen === TRY_AGAIN) {
    await server.restart();
  }
}
