// The experts to choose from for the language at the cursor, asked of the command line.

import * as vscode from "vscode";
import { runCommandLine } from "./command_line";
import { suitable, type Row } from "./expert_list";
import type { Server } from "./server";
import type { ServerCommand } from "./server_command";
import { languageHere } from "./status";

export interface Offered {
  command: ServerCommand;
  language: string;
  rows: Row[]; // all experts
  suitable: Row[]; // those for the language
}

/** Undefined after telling the user why there are none: no document, no server, or one that does not answer. */
export async function offeredExperts(server: Server): Promise<Offered | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) {
    await vscode.window.showInformationMessage("LSP Experts: open a document of the language first.");
    return undefined;
  }
  const command = server.command();
  if (typeof command === "string") {
    await vscode.commands.executeCommand("lspExperts.setUpServer");
    return undefined;
  }
  const language = languageHere(server.status, document.uri.toString(), document.languageId);
  try {
    const rows = JSON.parse(await runCommandLine(command, ["experts", "--json"])) as Row[];
    return { command, language, rows, suitable: suitable(rows, language) };
  } catch (error) {
    await vscode.window.showErrorMessage(`LSP Experts: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
