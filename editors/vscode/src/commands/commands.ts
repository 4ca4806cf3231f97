// The commands of the palette, by their names in package.json: one file each.

import type * as vscode from "vscode";
import type { Server } from "../server";
import { askQuestion } from "./ask_question";
import { chooseExpert } from "./choose_expert";
import { doTask } from "./do_task";
import { editSelection } from "./edit_selection";
import { pullExpert } from "./pull_expert";
import { restart } from "./restart";
import { reviewFile } from "./review_file";
import { runCheck } from "./run_check";
import { setUpServer } from "./set_up_server";
import { showLog } from "./show_log";
import { showStatus } from "./show_status";
import { toggle } from "./toggle";

type Command = (server: Server, context: vscode.ExtensionContext) => void | Promise<void>;

export const COMMANDS: Readonly<Record<string, Command>> = {
  "lspExperts.askQuestion": askQuestion,
  "lspExperts.chooseExpert": chooseExpert,
  "lspExperts.doTask": doTask,
  "lspExperts.editSelection": editSelection,
  "lspExperts.pullExpert": pullExpert,
  "lspExperts.restart": restart,
  "lspExperts.reviewFile": reviewFile,
  "lspExperts.runCheck": runCheck,
  "lspExperts.setUpServer": setUpServer,
  "lspExperts.showLog": showLog,
  "lspExperts.showStatus": showStatus,
  "lspExperts.toggle": toggle,
};
