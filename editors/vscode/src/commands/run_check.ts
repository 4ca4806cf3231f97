// Run the check that the user set for this folder with `lsp-experts check --set`.

import type { Server } from "../server";
import { runOnServer } from "../server_action";

export function runCheck(server: Server): Promise<void> {
  return runOnServer(server, "lspExperts.check");
}
