"""Starts `serve --http` as a process of its own, over the real registry, store and pool, with a scripted engine."""

from __future__ import annotations

import json
import os
import sys
from functools import partial

from lsp_experts.cli.scripted_server import install
from lsp_experts.engine.command import fake_command
from lsp_experts.paths import default_paths
from lsp_experts.server.assembly import build_completer
from lsp_experts.server.http.listening import serve_http


def main() -> int:
    """Serve; experts that have a text are installed."""
    install(list(json.loads(os.environ["LSP_EXPERTS_FAKE_TEXT"])))
    paths = default_paths()
    build = partial(build_completer, paths=paths, command=fake_command())
    return serve_http(host="127.0.0.1", port=0, log_file=None, log_level="debug", build=build, paths=paths)


if __name__ == "__main__":
    sys.exit(main())
