// The language client: what it attaches to, what it says it can do, and how it talks to the server.

import * as vscode from "vscode";
import {
  LanguageClient,
  RevealOutputChannelOn,
  type ClientCapabilities,
  type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import { logStandardError } from "./server_log";
import type { ServerCommand } from "./server_command";
import type { Status } from "./status";

// Any language: general experts serve what has no expert of its own, and the server says why where nobody does.
export const SCHEMES = ["file", "untitled", "vscode-notebook-cell"];

/** A client that was not started; `onStatus` gets each status that the server tells. */
export function newClient(
  command: ServerCommand,
  log: vscode.LogOutputChannel,
  onStatus: (status: Status) => void,
): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: SCHEMES.map((scheme) => ({ scheme })),
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    stdioOptions: { stdout: () => undefined, stderr: logStandardError }, // standard output is the connection
    middleware: {
      // The server answers popups as well, for editors without ghost text. Both at once would say the same twice.
      provideCompletionItem: (document, position, context, token, next) =>
        showsGhostText(document) ? undefined : next(document, position, context, token),
    },
  };
  const server = { command: command.program, args: [...command.args, "serve"] };
  const client = new LanguageClient("lspExperts", "LSP Experts", server, options);
  client.registerFeature(WANTS_STATUS);
  client.onNotification("lspExperts/status", onStatus);
  return client;
}

function showsGhostText(document: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration("editor", document).get("inlineSuggest.enabled", true);
}

const WANTS_STATUS: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), lspExpertsStatus: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};
