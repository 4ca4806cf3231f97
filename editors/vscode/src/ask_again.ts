// Shows ghost text without a further keystroke when the expert arrives that the last request had to do without.

import * as vscode from "vscode";
import { Reask, type Place } from "./reask";
import type { Server } from "./server";

export function askAgain(server: Server): vscode.Disposable {
  const reask = new Reask();
  return server.onDidChange(() => {
    if (server.status && reask.isDue(server.status, cursor())) {
      void vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
    }
  });
}

function cursor(): Place | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return undefined;
  }
  const { document, selection } = editor;
  return `${document.uri.toString()} ${document.version} ${selection.active.line}:${selection.active.character}`;
}
