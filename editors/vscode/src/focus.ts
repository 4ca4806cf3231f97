// Tells the server which document the user looks at, so that its expert is there before the first keystroke.

import * as vscode from "vscode";
import { SCHEMES } from "./client";
import type { Server } from "./server";

export function followFocus(server: Server): vscode.Disposable {
  let running = false;
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(() => tellFocus(server)),
    server.onDidChange((state) => {
      if (state.kind === "running" && !running) {
        void tellFocus(server);
      }
      running = state.kind === "running";
    }),
  );
}

/** Tell it now: the server looks up which experts are installed whenever the focus comes. */
export async function tellFocus(server: Server): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  // An output panel is a text editor too, and between two tabs there is none: the last document stays.
  if (document && SCHEMES.includes(document.uri.scheme)) {
    await server.notify("textDocument/didFocus", { textDocument: { uri: document.uri.toString() } });
  }
}
