// Change the selection by an instruction.

import type { Server } from "../server";
import { runInstructed } from "../server_action";

export function editSelection(server: Server): Promise<void> {
  const ask = { title: "Edit the selection", placeHolder: "Return an error instead of panicking", whole: false };
  return runInstructed(server, "lspExperts.edit", ask);
}
