// The status bar item: the expert at the cursor, its state and memory; a click shows the details.

import * as vscode from "vscode";
import { lookOf, type ServerState } from "./status_bar";

const BACKGROUNDS = {
  normal: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

export class StatusItem {
  private readonly item = vscode.window.createStatusBarItem("lspExperts.status", vscode.StatusBarAlignment.Right, 100);

  constructor() {
    this.item.name = "LSP Experts";
    this.item.command = "lspExperts.showStatus";
    this.item.show();
  }

  draw(server: ServerState): void {
    const look = lookOf(server);
    this.item.text = look.text;
    this.item.tooltip = look.tooltip;
    this.item.accessibilityInformation = { label: `LSP Experts: ${look.tooltip.split("\n")[0]}` };
    this.item.backgroundColor = BACKGROUNDS[look.severity];
  }

  dispose(): void {
    this.item.dispose();
  }
}
