"""`lsp-experts path ID…`: where an expert's file lies."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store


def run(ids: Sequence[str]) -> int:
    """Prints one path per line; NotInstalled or ModelRejected if there is none to print."""
    store = Store(default_paths().store)
    for expert in ids:
        print(store.check(expert).path)
    return 0
