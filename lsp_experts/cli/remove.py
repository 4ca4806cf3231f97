"""`lsp-experts remove ID…`: takes experts out of the store."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lsp_experts.errors import StoreError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.expert_files import adapters_over
from lsp_experts.registry.store import Store


def run(ids: Sequence[str]) -> int:
    """Removes each expert and says how many bytes that freed; 1 if one could not be removed."""
    paths = default_paths()
    catalogue, store, failed = load_catalogue(paths), Store(paths.store), False
    for expert in ids:
        try:
            freed = store.remove(expert)
        except StoreError as error:
            print(f"lsp-experts: {error.message}", file=sys.stderr)
            failed = True
            continue
        kept = "" if freed else " (its file stays: another expert uses it, or it was gone)"
        print(f"{expert}: removed, {freed:,} bytes freed{kept}")
        if orphans := adapters_over(catalogue, store, expert):
            print(f"{', '.join(orphans)} cannot be loaded without {expert}.", file=sys.stderr)
    return 1 if failed else 0
