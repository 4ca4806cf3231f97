"""What the answer to `initialize` waits for."""

from __future__ import annotations

import subprocess
import sys

# Grammars, the pool, models and all that actions need: imported once the server is built.
LATE = ("tree_sitter", "tree_sitter_language_pack", "lsp_experts.pool", "lsp_experts.registry.catalogue",
        "lsp_experts.actions.table", "lsp_experts.actions.place", "pathspec", "psutil")  # fmt: skip


def test_what_is_imported_late() -> None:
    code = (
        f"import sys, lsp_experts.cli.serve, lsp_experts.server.serve; print(*sorted({{*{LATE}}} & {{*sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
