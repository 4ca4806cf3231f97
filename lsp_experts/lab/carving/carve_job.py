"""One carve from order to store: count the corpus, cut, check in the engine, adopt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from lsp_experts import __version__
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError
from lsp_experts.lab import corpus
from lsp_experts.lab.carving import carve_check, ffn_cut, vocabulary_cut
from lsp_experts.lab.carving.corpus_importance import corpus_importance
from lsp_experts.lab.carving.coverage import coverage
from lsp_experts.lab.carving.importance import Importance
from lsp_experts.lab.carving.keepset import KeepSet
from lsp_experts.lab.carving.pruning import expected_counts, pruned
from lsp_experts.lab.carving.requantise import Requantisation, predicted_bytes, requantise_by
from lsp_experts.lab.carving.tied_tables import shared_table
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary, read_vocabulary
from lsp_experts.lab.open_engine import tokenizer
from lsp_experts.registry.sources.fetched import Progress
from lsp_experts.registry.store import Installed, Store

_BASE, _CARVED = "carve-base", "carve-result"


@dataclass(frozen=True)
class CarveOrder:
    """What to carve. `base_sha256` is "" if nobody knows it yet; `patterns` name further files of the language.

    `tokens`: just so many rows of the vocabulary (None: all that keep-set and corpus ask for). `both_tables`: two
    vocabulary tables even where one would do. `ffn_blocks`: see ffn_cut; needs a corpus. `file_type`: llama.cpp's name
    of a quantisation that follows the cut, by an importance matrix of the corpus where there is one.
    """

    expert_id: str
    language: str
    base: Path
    base_id: str
    base_sha256: str
    keep_set: KeepSet | None
    corpus: Sequence[Path] = ()
    patterns: tuple[str, ...] = ()
    licence: str = ""
    tokens: int | None = None
    both_tables: bool = False
    ffn_blocks: int = 0
    file_type: str = ""


@dataclass(frozen=True)
class Carved:
    """A carved expert in the store; `logit_difference` is the largest one the check saw for a kept token."""

    installed: Installed
    base_bytes: int
    base_tokens: int
    kept_tokens: int
    logit_difference: float
    one_table: bool


@dataclass(frozen=True)
class _Measured:
    """What was asked of the base while it was loaded."""

    sample: carve_check.Sample
    counts: Ids  # of each token in the corpus
    importance: Importance | None  # of the columns, where something goes by it


async def carve_expert(
    order: CarveOrder, engine: Supervisor, store: Store, progress: Progress, say: Callable[[str], None]
) -> Carved:
    """Carve, check and adopt; CarveError, EngineError or StoreError, and then nothing is left behind."""
    with GgufFile(order.base) as base:
        vocabulary = read_vocabulary(base)
        vocabulary_cut.check_cuttable(base, vocabulary)
        if order.ffn_blocks:
            if order.file_type:
                raise CarveError(
                    "Columns are cut and weights requantised one at a time: the importance is the uncut base's.",
                    remedy="Leave out --ffn-blocks or --quantise.",
                )
            ffn_cut.check_narrowable(base, order.ffn_blocks)
        if order.file_type and not order.corpus:
            await predicted_bytes(Requantisation(order.base, order.file_type), engine)  # refuses an unknown type
        if order.corpus and order.keep_set and order.keep_set.header.tokenizer != vocabulary.identity:
            say(f"The keep-set {order.keep_set.header.language} is for another tokenizer: only the corpus counts.")
            order = replace(order, keep_set=None)
        nothing = np.zeros(len(vocabulary), np.int64)
        _chosen(order, vocabulary, nothing, nothing[:0])  # what cannot be planned ends it before the long steps
        measured = await _measured(order, engine, vocabulary, progress, say)
        if order.corpus and order.keep_set is None and not measured.counts.any():
            raise CarveError(f"The corpus has no code of {order.language} to carve by.", remedy="Give another folder.")
        kept = _chosen(order, vocabulary, measured.counts, measured.sample.tokens)
        if order.corpus:
            of_corpus = coverage(vocabulary, kept, measured.counts)
            say(f"{of_corpus.kept_share:.1%} of the corpus's {of_corpus.tokens:,} tokens stay")
        one_table = None if order.both_tables else shared_table(base)
        important = measured.importance
        narrowed = (
            ffn_cut.narrowed(base, order.ffn_blocks, important.magnitudes) if important and order.ffn_blocks else None
        )
        needed = vocabulary_cut.carved_bytes(base, kept, one_table, narrowed)
        store.require_space(needed)
        provenance = replace(
            _provenance(order, base, progress),
            tables="both" if one_table is None else "one",
            ffn_blocks=str(order.ffn_blocks),
            file_type=order.file_type,
        )
        with store.temporary_folder() as folder:
            temporary = folder / "cut.gguf"
            progress.start(f"carve {order.expert_id}", needed)
            try:
                with store.disk_errors():
                    written = vocabulary_cut.write(
                        base,
                        vocabulary,
                        kept,
                        temporary,
                        provenance,
                        progress.advance,
                        one_table=one_table,
                        narrowed=narrowed,
                    )
            finally:
                progress.finish()
            sha256, size = written.sha256, written.size
            if order.file_type:
                temporary, sha256, size = await _requantised(order, measured, temporary, engine, store, say)
            changed = narrowed or order.file_type
            expected: carve_check.Expected = "changed" if changed else "rounded" if one_table else "equal"
            await carve_check.load_exactly(engine, _CARVED, temporary)
            try:
                carved = await carve_check.sample(engine, _CARVED)
                difference = carve_check.compare(measured.sample, carved, kept, expected)
            finally:
                await engine.evict(_CARVED)
            installed = store.adopt(
                order.expert_id,
                temporary,
                sha256=sha256,
                size=size,
                source=f"carved from {provenance.base_id}",
                licence=order.licence,
                provenance={**asdict(provenance), "kept_tokens": str(len(kept))},
            )
        return Carved(installed, base.file_bytes, len(vocabulary), len(kept), difference, one_table is not None)


def _chosen(order: CarveOrder, vocabulary: Vocabulary, counts: Ids, needed: Ids) -> Ids:
    """The rows that stay; what `needed` names among them, so that the check's prompt is cut as before."""
    wanted = vocabulary_cut.plan(vocabulary, order.keep_set, np.union1d(np.flatnonzero(counts), needed))
    if order.tokens is None:
        return wanted
    return pruned(vocabulary, expected_counts(vocabulary, order.keep_set, counts), order.tokens, needed)


async def _measured(
    order: CarveOrder, engine: Supervisor, vocabulary: Vocabulary, progress: Progress, say: Callable[[str], None]
) -> _Measured:
    report = await carve_check.load_exactly(engine, _BASE, order.base)
    try:
        sample = await carve_check.sample(engine, _BASE)
        counts = await _counts(order, engine, vocabulary, progress, say)
        importance = None
        if order.corpus and (order.ffn_blocks or order.file_type):
            say(f"measuring which columns code of {order.language} excites: some minutes")
            importance = await corpus_importance(engine, _BASE, report, order.corpus, order.language)
    finally:
        await engine.evict(_BASE)  # base and result are never in memory together
    return _Measured(sample, counts, importance)


async def _requantised(
    order: CarveOrder, measured: _Measured, cut: Path, engine: Supervisor, store: Store, say: Callable[[str], None]
) -> tuple[Path, str, int]:
    """(file, sha256, bytes) of the cut in another type, beside it."""
    say(f"requantising to {order.file_type}: half a minute, or ten where the type is an IQ one")
    target = cut.with_name("requantised.gguf")
    wanted = Requantisation(cut, order.file_type)
    made = await requantise_by(wanted, measured.importance, order.language, engine, store, target)
    if made.second_loss:
        say("The base is quantised already, and what that lost stays lost: give one in F16 or Q8_0 with --from.")
    with GgufFile(target) as file:
        return target, file.sha256(), made.file_bytes


async def _counts(
    order: CarveOrder, engine: Supervisor, vocabulary: Vocabulary, progress: Progress, say: Callable[[str], None]
) -> Ids:
    """How often each token is in the user's own code."""
    counts = np.zeros(len(vocabulary), np.int64)
    for folder in order.corpus:
        done = files = 0
        progress.start(f"read {folder.name or folder}", None)
        try:
            for text in corpus.texts_of(folder, order.language, order.patterns):
                counts += await corpus.count_tokens(tokenizer(engine, _BASE), (text,), len(vocabulary))
                files, done = files + 1, done + len(text)
                progress.advance(done)
        finally:
            progress.finish()
        say(f"{folder}: {files} files of {order.language}, {done / 1e6:.1f} MB")
    return counts


def _provenance(order: CarveOrder, base: GgufFile, progress: Progress) -> vocabulary_cut.Provenance:
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
