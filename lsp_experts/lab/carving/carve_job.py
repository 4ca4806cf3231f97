"""One carve from order to store: count the corpus, cut, check in the engine, adopt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from lsp_experts import __version__
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab import corpus
from lsp_experts.lab.carving import carve_check, vocabulary_cut
from lsp_experts.lab.carving.keepset import KeepSet
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary, read_vocabulary
from lsp_experts.registry.sources.fetched import Progress
from lsp_experts.registry.store import Installed, Store

_BASE, _CARVED = "carve-base", "carve-result"


@dataclass(frozen=True)
class Order:
    """What to carve. `base_sha256` is "" if nobody knows it yet; `patterns` name further files of the language."""

    expert_id: str
    language: str
    base: Path
    base_id: str
    base_sha256: str
    keep_set: KeepSet | None
    corpus: Sequence[Path] = ()
    patterns: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True)
class Carved:
    """A carved expert in the store; `logit_difference` is the largest one the check saw for a kept token."""

    installed: Installed
    base_bytes: int
    base_tokens: int
    kept_tokens: int
    logit_difference: float


async def carve_expert(
    order: Order, engine: Supervisor, store: Store, progress: Progress, say: Callable[[str], None]
) -> Carved:
    """Carve, check and adopt; CarveError, EngineError or StoreError, and then nothing is left behind."""
    with GgufFile(order.base) as base:
        vocabulary = read_vocabulary(base)
        vocabulary_cut.check_cuttable(base, vocabulary)
        if order.corpus and order.keep_set and order.keep_set.header.tokenizer != vocabulary.identity:
            say(f"The keep-set {order.keep_set.header.language} is for another tokenizer: only the corpus counts.")
            order = replace(order, keep_set=None)
        vocabulary_cut.plan(vocabulary, order.keep_set, ())  # what cannot be planned ends it before the long steps
        await carve_check.load_exactly(engine, _BASE, order.base)
        try:
            before = await carve_check.sample(engine, _BASE)
            seen = await _seen(order, engine, vocabulary, progress, say)
        finally:
            await engine.evict(_BASE)  # base and result are never in memory together
        kept = vocabulary_cut.plan(vocabulary, order.keep_set, np.union1d(seen, before.tokens))
        needed = vocabulary_cut.carved_bytes(base, kept)
        store.require_space(needed)
        provenance = _provenance(order, base, progress)
        with store.temporary() as temporary:
            progress.start(f"carve {order.expert_id}", needed)
            try:
                with store.disk_errors():
                    written = vocabulary_cut.write(base, vocabulary, kept, temporary, provenance, progress.advance)
            finally:
                progress.finish()
            await carve_check.load_exactly(engine, _CARVED, temporary)
            try:
                difference = carve_check.compare(before, await carve_check.sample(engine, _CARVED), kept)
            finally:
                await engine.evict(_CARVED)
            if order.expert_id in store.installed():
                store.remove(order.expert_id)  # the result takes its place; its file would stay for nobody
            installed = store.adopt(
                order.expert_id,
                temporary,
                sha256=written.sha256,
                size=written.size,
                source=f"carved from {provenance.base_id}",
                licence=order.licence,
                provenance={**asdict(provenance), "kept_tokens": str(len(kept))},
            )
        return Carved(installed, base.file_bytes, len(vocabulary), len(kept), difference)


async def _seen(
    order: Order, engine: Supervisor, vocabulary: Vocabulary, progress: Progress, say: Callable[[str], None]
) -> Ids:
    """Ids of the tokens in the user's own code."""
    counts = np.zeros(len(vocabulary), np.int64)
    for folder in order.corpus:
        done = files = 0
        progress.start(f"read {folder.name or folder}", None)
        try:
            for text in corpus.texts_of(folder, order.language, order.patterns):
                counts += await corpus.count_tokens(carve_check.tokenizer(engine, _BASE), (text,), len(vocabulary))
                files, done = files + 1, done + len(text)
                progress.advance(done)
        finally:
            progress.finish()
        say(f"{folder}: {files} files of {order.language}, {done / 1e6:.1f} MB")
    return np.flatnonzero(counts)


def _provenance(order: Order, base: GgufFile, progress: Progress) -> vocabulary_cut.Provenance:
    sha256 = order.base_sha256
    if not sha256:
        progress.start("hash the base", base.file_bytes)
        try:
            sha256 = base.sha256(progress.advance)
        finally:
            progress.finish()
    return vocabulary_cut.Provenance(
        base_sha256=sha256,
        base_id=order.base_id or base.string("general.name") or sha256[:12],
        keep_set_sha256=order.keep_set.sha256 if order.keep_set else "",
        language=order.language,
        tool_version=__version__,
    )
