"""`lsp-experts serve`: the language server an editor starts."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from lsp_experts.paths import default_paths


def run(
    *,
    stdio: bool,
    tcp: bool,
    http: bool,
    host: str,
    port: int,
    log_file: Path | None,
    log_level: str,
    client_process_id: int | None,
) -> int:
    """Serve one client, with `http` all that ask.

    `stdio` is the default, `client_process_id` comes in `initialize`: both are only accepted.
    """
    from lsp_experts.engine.confinement import no_core_dumps
    from lsp_experts.server.assembly import build_completer, builder
    from lsp_experts.server.serve import serve

    no_core_dumps()
    if http:
        from lsp_experts.server.http.listening import serve_http

        paths = default_paths()
        build = partial(build_completer, paths=paths)
        return serve_http(host=host, port=port, log_file=log_file, log_level=log_level, build=build, paths=paths)
    if sys.stdin.isatty() and not tcp:
        print("Waiting for an editor on standard input. The README says how to point one here.", file=sys.stderr)
    return serve(tcp=tcp and not stdio, host=host, port=port, log_file=log_file, log_level=log_level, build=builder())
