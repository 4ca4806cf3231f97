// Runs one of the server's own commands on what the user has before them; the language client registered them.

import * as vscode from "vscode";
import type { Server } from "./server";

/** The selection and an instruction for it; an empty selection stands for the whole document where `whole`. */
export async function runInstructed(
  server: Server,
  command: string,
  ask: { title: string; placeHolder: string; whole: boolean },
): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || (!ask.whole && editor.selection.isEmpty)) {
    const missing = editor ? "Select the code that it is about first." : "Open a document first.";
    await vscode.window.showInformationMessage(`LSP Experts: ${missing}`);
    return;
  }
  const { document, selection } = editor;
  const instruction = await vscode.window.showInputBox({ title: ask.title, placeHolder: ask.placeHolder });
  if (instruction?.trim()) {
    const range = selection.isEmpty ? {} : { range: rangeJson(selection) };
    await runOnServer(server, command, { textDocument: textDocument(document), ...range, instruction });
  }
}

/** Run it, unless there is no server: then the status says why. */
export async function runOnServer(server: Server, command: string, argument?: object): Promise<void> {
  if (server.state.kind !== "running") {
    await vscode.commands.executeCommand("lspExperts.showStatus");
    return;
  }
  await vscode.commands.executeCommand(command, ...(argument ? [argument] : []));
}

export function textDocument(document: vscode.TextDocument): { uri: string } {
  return { uri: document.uri.toString() };
}

function rangeJson({ start, end }: vscode.Range): object {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
