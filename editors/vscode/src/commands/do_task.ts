// An instruction for several files; the server asks before it changes them.

import type { Server } from "../server";
import { runInstructed } from "../server_action";

export function doTask(server: Server): Promise<void> {
  const ask = { title: "A task for several files", placeHolder: "Add a test for each handler", whole: true };
  return runInstructed(server, "lspExperts.task", ask);
}
