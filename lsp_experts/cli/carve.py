"""`lsp-experts carve --language ID`: makes a smaller expert for one language out of a base."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.cli.progress import terminal_progress
from lsp_experts.errors import UsageError
from lsp_experts.paths import Paths, default_paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Store
from lsp_experts.routing.languages import patterns_of

if TYPE_CHECKING:
    from lsp_experts.lab.carving.carve_job import Carved, CarveOrder


def run(
    *,
    language: str,
    base: str | None,
    corpus: Sequence[Path],
    expert_id: str | None,
    force: bool,
    tokens: int | None = None,
    both_tables: bool = False,
    ffn_blocks: int = 0,
    file_type: str = "",
) -> int:
    """Carves the expert of `language` into the store, again by `force`; 0 when it is there."""
    paths = default_paths()
    catalogue, store = load_catalogue(paths), Store(paths.store)
    for problem in catalogue.problems:
        _say(problem)
    for folder in corpus:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder.", remedy="--corpus takes a folder with code.")
    if tokens is not None and tokens < 1:
        raise UsageError(f"--tokens {tokens} leaves nothing.", remedy="Sizes from 8000 to 94000 make sense.")
    if ffn_blocks < 0 or (ffn_blocks and not corpus):
        raise UsageError(
            "--ffn-blocks needs a number from 1 and code to measure with.",
            remedy="Give --corpus DIR with code of the language.",
        )
    entry = _entry(catalogue, language, expert_id)
    name = expert_id or (entry.id if entry else f"{language}-carved")
    store.sweep()
    with store.lock(name, lambda: _say(f"another process is working on {name}; waiting for it")):
        if not force and name in store.installed():
            _say(f"{name} is in the store already; --force carves it again.")
            return 0
        order = replace(
            _order(catalogue, store, entry, name, language, base, corpus),
            tokens=tokens,
            both_tables=both_tables,
            ffn_blocks=ffn_blocks,
            file_type=file_type,
        )
        carved = asyncio.run(_carve(order, paths, store))
    _report(name, carved)
    if name not in catalogue.entries:
        _say(f"The registry has no entry {name}: add one to {paths.overlay} and the server will use it.")
    return 0


async def _carve(order: CarveOrder, paths: Paths, store: Store) -> Carved:
    from lsp_experts.lab.carving.carve_job import carve_expert
    from lsp_experts.lab.open_engine import open_engine

    async with open_engine(paths) as engine:
        return await carve_expert(order, engine, store, terminal_progress(), _say)


def _entry(catalogue: Catalogue, language: str, expert_id: str | None) -> Entry | None:
    """The registry's entry for the result: by id, else the first carved expert of the language."""
    if expert_id:
        return catalogue.entries.get(expert_id)
    carved = (entry for entry in catalogue.entries.values() if entry.kind == "carved" and entry.domain is None)
    return next((entry for entry in carved if language in entry.languages), None)


def _order(
    catalogue: Catalogue,
    store: Store,
    entry: Entry | None,
    name: str,
    language: str,
    base: str | None,
    corpus: Sequence[Path],
) -> CarveOrder:
    from lsp_experts.lab.carving import keepset
    from lsp_experts.lab.carving.carve_job import CarveOrder

    keep_name = (entry.keep_set if entry else None) or language
    keep_set = None if corpus and keep_name not in keepset.shipped() else keepset.load(keep_name)
    base = base or (entry.base if entry else None) or _default_base(catalogue)
    if base.endswith(".gguf") or Path(base).is_file():
        path, base_id, base_sha256, licence = Path(base), "", "", ""
    else:
        licence = catalogue.get(base).licence
        installed = store.check(base)
        path, base_id, base_sha256 = installed.path, base, installed.sha256
    return CarveOrder(
        expert_id=name,
        language=keep_name if keep_set else language,
        base=path,
        base_id=base_id,
        base_sha256=base_sha256,
        keep_set=keep_set,
        corpus=corpus,
        patterns=entry.patterns if entry and entry.patterns else patterns_of(language, catalogue),
        licence=licence or (entry.licence if entry else ""),
    )


def _default_base(catalogue: Catalogue) -> str:
    bases = [entry.base for entry in catalogue.entries.values() if entry.kind == "carved" and entry.base]
    if not bases:
        raise UsageError("the registry names no base to carve from.", remedy="Name one with --from.")
    return bases[0]


def _report(name: str, carved: Carved) -> None:
    differs = f"differ by {carved.logit_difference:.1g} at most" if carved.logit_difference else "are equal"
    size = carved.installed.size
    tables = ", one table for both ends" if carved.one_table else ""
    print(
        f"{name}: {size:,} bytes, {size / carved.base_bytes:.0%} of its base; "
        f"{carved.kept_tokens:,} of {carved.base_tokens:,} tokens{tables}; their logits {differs}\n"
        f"  {carved.installed.path}"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
