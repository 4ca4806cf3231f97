// Restart the server.

import type { Server } from "../server";

export function restart(server: Server): Promise<void> {
  return server.restart();
}
