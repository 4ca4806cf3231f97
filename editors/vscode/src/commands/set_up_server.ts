// Say where the server is, or learn how to install it.

import * as vscode from "vscode";
import { askWhereServerIs } from "../missing_server";
import type { Server } from "../server";

export async function setUpServer(server: Server, context: vscode.ExtensionContext): Promise<void> {
  const command = server.command();
  if (typeof command === "string") {
    await askWhereServerIs(server, command, readmeOf(context));
  } else {
    await vscode.window.showInformationMessage(`LSP Experts: the server is ${command.program}.`);
  }
}

function readmeOf({ extensionMode, extensionUri }: vscode.ExtensionContext): vscode.Uri {
  const packaged = extensionMode !== vscode.ExtensionMode.Development;
  return vscode.Uri.joinPath(extensionUri, packaged ? "readme.md" : "README.md"); // vsce names it so
}
