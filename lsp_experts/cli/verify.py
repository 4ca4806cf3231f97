"""`lsp-experts verify [ID…]`: hashes installed files again."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lsp_experts.errors import StoreError
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store


def run(ids: Sequence[str] = ()) -> int:
    """Verifies the experts named, or all that are recorded; 1 if one is not what it should be, with the remedy."""
    store, failed = Store(default_paths().store), False
    for expert in ids or store.recorded_ids():
        try:
            installed = store.verify(expert)
        except StoreError as error:
            print(f"{expert}: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{expert}: right, {installed.size:,} bytes, sha256 {installed.sha256}")
    return 1 if failed else 0
