// The one server of this window: starts, stops and restarts it, and tells whoever wants to know in which state it is.

import * as vscode from "vscode";
import { State, type LanguageClient } from "vscode-languageclient/node";
import { newClient } from "./client";
import { findServer, thisMachine, type ServerCommand } from "./server_command";
import type { Status } from "./status";
import type { ServerState } from "./status_bar";

export const SECTION = "lspExperts";

const STATES: Record<State, ServerState> = {
  [State.Starting]: { kind: "starting" },
  [State.Running]: { kind: "running", status: undefined },
  [State.StartFailed]: { kind: "stopped", why: "The server did not start; its log says why." },
  [State.Stopped]: { kind: "stopped", why: "The server ended; its log says why." },
};

export class Server {
  readonly log = vscode.window.createOutputChannel("LSP Experts", { log: true });
  private client: LanguageClient | undefined;
  private current: ServerState = { kind: "starting" };
  private latest: Promise<void> = Promise.resolve();
  private readonly changed = new vscode.EventEmitter<ServerState>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly extensionFolder: string) {}

  get state(): ServerState {
    return this.current;
  }

  get status(): Status | undefined {
    return this.current.kind === "running" ? this.current.status : undefined;
  }

  /** The program behind the settings, or why there is none. */
  command(): ServerCommand | string {
    const settings = vscode.workspace.getConfiguration(`${SECTION}.server`);
    const wanted = {
      path: settings.get("path", ""),
      args: settings.get<string[]>("arguments", []),
      extensionFolder: this.extensionFolder,
    };
    return findServer(wanted, thisMachine());
  }

  /** Start, or stop and start again; a call during another one waits for it. */
  restart(): Promise<void> {
    this.latest = this.latest.then(() => this.stopNow()).then(() => this.startNow());
    return this.latest;
  }

  stop(): Promise<void> {
    this.latest = this.latest.then(() => this.stopNow());
    return this.latest;
  }

  /** A notification, where there is someone to hear it. */
  async notify(method: string, params: object): Promise<void> {
    if (this.client?.state === State.Running) {
      await this.client.sendNotification(method, params);
    }
  }

  private async startNow(): Promise<void> {
    const command = this.command();
    if (typeof command === "string") {
      this.become({ kind: "missing", why: command });
      return;
    }
    this.become({ kind: "starting" });
    const client: LanguageClient = newClient(command, this.log, (status) =>
      this.clientBecame(client, { kind: "running", status }),
    );
    client.onDidChangeState(({ newState }) => this.clientBecame(client, STATES[newState]));
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.clientBecame(client, { kind: "stopped", why: `${command.program} did not start: ${String(error)}` });
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) {
      await client.dispose().catch((error: unknown) => this.log.warn(`The server did not stop: ${String(error)}`));
    }
  }

  private clientBecame(client: LanguageClient, state: ServerState): void {
    if (client === this.client) {
      this.become(state); // else it was stopped on purpose, and says goodbye
    }
  }

  private become(state: ServerState): void {
    this.current = state;
    this.changed.fire(state);
  }
}
