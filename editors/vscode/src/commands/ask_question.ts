// Ask an expert about the selection, or about the whole document where nothing is selected.

import type { Server } from "../server";
import { runInstructed } from "../server_action";

export function askQuestion(server: Server): Promise<void> {
  const ask = { title: "Ask about this code", placeHolder: "What does it return for an empty list?", whole: true };
  return runInstructed(server, "lspExperts.ask", ask);
}
