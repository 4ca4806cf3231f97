// Puts the extension together when VS Code activates it.

import * as vscode from "vscode";
import { askAgain } from "./ask_again";
import { COMMANDS } from "./commands/commands";
import { followFocus } from "./focus";
import { tellOfMissingServer } from "./missing_server";
import { SECTION, Server } from "./server";
import { StatusItem } from "./status_item";

let server: Server | undefined; // VS Code calls `deactivate` without anything to find it by

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = (server = new Server(context.extensionPath));
  const item = new StatusItem();
  context.subscriptions.push(
    started.log,
    item,
    started.onDidChange((state) => item.draw(state)),
    followFocus(started),
    askAgain(started),
    ...Object.entries(COMMANDS).map(([name, run]) =>
      vscode.commands.registerCommand(name, () => run(started, context)),
    ),
    tellOfMissingServer(started, context),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.server`)) {
        setImmediate(() => void started.restart()); // the client tells its server of the change first
      }
    }),
  );
  await started.restart();
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
