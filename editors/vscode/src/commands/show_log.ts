// Show the server's log.

import type { Server } from "../server";

export function showLog(server: Server): void {
  server.log.show();
}
