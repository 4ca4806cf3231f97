// Look for suspicious code in the active document; hints show what is found.

import * as vscode from "vscode";
import type { Server } from "../server";
import { runOnServer, textDocument } from "../server_action";

export async function reviewFile(server: Server): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document) {
    await runOnServer(server, "lspExperts.review", { textDocument: textDocument(document) });
  }
}
