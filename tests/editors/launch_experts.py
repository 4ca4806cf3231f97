"""What an editor's test starts in the place of `lsp-experts serve`: the real server and two scripted experts."""

from __future__ import annotations

import sys

from lsp_experts.cli.scripted_server import SAYS, main

GO, HTML = SAYS["go-carved"], SAYS["html-carved"]

if __name__ == "__main__":
    sys.exit(main([]))
