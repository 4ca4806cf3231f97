"""Tiny models in the store and in a registry of the test's own, as a user would have real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store

ADAPTERS = ("go-adapter", "html-adapter")


def install(paths: Paths, folder: Path, experts: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a registry overlay with `experts` (id -> fields besides what all share), then pull them from `folder`.

    A model gets weights of its own, an adapter random numbers over its base.
    """
    entries = []
    for number, (name, fields) in enumerate(experts.items()):
        file = folder / f"{name}.gguf"
        if fields.get("kind") == "adapter":
            write_random_adapter(folder / f"{fields['base']}.gguf", file, seed=number, scale=1.0)
        else:
            write_tiny_gguf(file, seed=number, n_ctx=2048)
        source = {"type": "file", "path": str(file)}
        shared = {"id": name, "kind": "model", "licence": "MIT", "note": "a test", "context": 1024}
        entries.append({**shared, "sources": [source], **fields})
    paths.overlay.parent.mkdir(parents=True, exist_ok=True)
    paths.overlay.write_text(json.dumps({"version": 1, "experts": entries}))
    catalogue = load_catalogue(paths)
    assert not catalogue.problems
    for name in experts:
        pull(catalogue.get(name), Store(paths.store), Silent())
