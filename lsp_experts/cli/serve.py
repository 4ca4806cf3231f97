"""`lsp-experts serve`: the language server an editor starts."""

from __future__ import annotations

import sys
from pathlib import Path


def run(
    *,
    stdio: bool,
    tcp: bool,
    host: str,
    port: int,
    log_file: Path | None,
    log_level: str,
    client_process_id: int | None,
) -> int:
    """Serve one client. `stdio` is the default, `client_process_id` comes in `initialize`: both are only accepted."""
    from lsp_experts.server.assembly import builder
    from lsp_experts.server.serve import serve

    if sys.stdin.isatty() and not tcp:
        print("Waiting for an editor on standard input. The README says how to point one here.", file=sys.stderr)
    return serve(tcp=tcp and not stdio, host=host, port=port, log_file=log_file, log_level=log_level, build=builder())
