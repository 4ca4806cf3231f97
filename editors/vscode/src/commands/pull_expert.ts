// Get an expert for the language at the cursor: chosen from a list, fetched or carved by the command line.

import * as vscode from "vscode";
import { runCommandLine } from "../command_line";
import { licenceQuestions, stepsTo, summaryOf, type Row } from "../expert_list";
import { tellFocus } from "../focus";
import { offeredExperts, type Offered } from "../offered_experts";
import { shareOf } from "../pull_progress";
import type { Server } from "../server";

const AGREE = "I agree";

export async function pullExpert(server: Server): Promise<void> {
  const offered = await offeredExperts(server);
  const missing = offered?.suitable.filter((row) => !row.installed) ?? [];
  if (!offered) {
    return;
  }
  if (!missing.length) {
    await vscode.window.showInformationMessage(`LSP Experts: all experts for ${offered.language} are installed.`);
    return;
  }
  const items = missing.map((row) => ({ label: row.id, description: summaryOf(row), detail: row.note, row }));
  const title = `Pull an expert for ${offered.language}`;
  const row = (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.row;
  if (row && (await agreed(licenceQuestions(row, offered.rows)))) {
    await pullWithProgress(server, offered, row);
  }
}

async function agreed(questions: string[]): Promise<boolean> {
  for (const detail of questions) {
    const options = { modal: true, detail };
    if ((await vscode.window.showWarningMessage("Pull it on these terms?", options, AGREE)) !== AGREE) {
      return false;
    }
  }
  return true;
}

async function pullWithProgress(server: Server, { command, rows }: Offered, row: Row): Promise<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: `Pulling ${row.id}`, cancellable: true };
  await vscode.window.withProgress(options, async (progress, token) => {
    const steps = stepsTo(row, rows);
    try {
      for (const step of steps) {
        let shown = 0;
        const onLine = (line: string): void => {
          server.log.info(line);
          const share = Math.max(shareOf(line) ?? 0, shown);
          progress.report({ message: line, increment: ((share - shown) * 100) / steps.length });
          shown = share;
        };
        await runCommandLine(command, step, onLine, token);
      }
    } catch (error) {
      if (!token.isCancellationRequested) {
        const why = error instanceof Error ? error.message : String(error);
        void vscode.window.showErrorMessage(`LSP Experts: ${row.id} was not pulled. ${why}`);
      }
      return;
    }
    await tellFocus(server);
    void vscode.window.showInformationMessage(`LSP Experts: ${row.id} is installed.`);
  });
}
