"""The vocabulary cut: which rows stay, and the file that holds only them.

Pure planning over a Vocabulary, and one streaming write. A kept row is copied byte for byte, so a kept token has
exactly the logits it had; merge ancestors stay, so kept text encodes to the same pieces. Where the base holds one
matrix as two tables, its better copy may serve as both: then a logit differs by what the worse copy was rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import CarveError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.carving.ffn_cut import Narrowed
from lsp_experts.lab.carving.keepset import KeepSet
from lsp_experts.lab.carving.tied_tables import EMBEDDING, OUTPUT
from lsp_experts.lab.gguf_file import GgufFile, NewTensor, Tensor, Written
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary, names_token

PROVENANCE = "lsp_experts.carve."
_TABLES = (EMBEDDING, OUTPUT, "output.bias")
# The tokenizer of another program, whole: it would describe tokens that are gone.
_DROPPED = ("tokenizer.huggingface.json",)
_PER_TOKEN = ("tokenizer.ggml.token_type", "tokenizer.ggml.scores")


@dataclass(frozen=True)
class Provenance:
    """Where a carved file comes from; nothing in it names the user's machine or code."""

    base_sha256: str
    base_id: str
    keep_set_sha256: str  # "" if only a corpus was used
    language: str
    tool_version: str
    tables: str = "both"  # or "one", where it serves as both
    file_type: str = ""  # that all weights were requantised to; "": they are the base's
    ffn_blocks: str = "0"  # of ffn_cut.BLOCK_COLUMNS columns that each layer lost


def plan(vocabulary: Vocabulary, keep_set: KeepSet | None, seen: Iterable[int]) -> Ids:
    """Ids of the rows that stay, ascending: keep-set, seen tokens, common ASCII, specials, bytes, merge ancestors.

    CarveError if the keep-set belongs to another tokenizer or an id is out of range.
    """
    kept = np.zeros(len(vocabulary), np.bool_)
    if keep_set is not None:
        if keep_set.header.tokenizer != vocabulary.identity:
            raise CarveError(
                f"The keep-set {keep_set.header.language} is for the tokenizer {keep_set.header.tokenizer_name}, "
                "and this base has another one.",
                remedy="Carve from an uncut base of that family, or give --corpus DIR: then only your own code counts.",
            )
        kept[keep_set.ids] = True
    corpus = np.fromiter(seen, np.int64)
    if len(corpus) and not (corpus.min() >= 0 and corpus.max() < len(vocabulary)):
        raise CarveError("The corpus was tokenised with another vocabulary than the base's.")
    always = (vocabulary.special(), vocabulary.named, vocabulary.single_bytes(), vocabulary.common_ascii())
    for ids in (corpus, *always):
        kept[ids] = True
    return np.flatnonzero(vocabulary.closure(kept))


def check_cuttable(base: GgufFile, vocabulary: Vocabulary) -> None:
    """CarveError, with the reason, if the base keeps vocabulary rows where the cut would not find them."""
    if (base.number("split.count") or 1) > 1:
        raise CarveError(f"{base.path.name} is one part of a split model.", remedy="Join the parts first.")
    names = {tensor.name for tensor in base.tensors}
    if EMBEDDING not in names:
        raise CarveError(f"{base.path.name} has no token embedding table.", remedy="Give a whole text model.")
    for tensor in base.tensors:
        if tensor.name in _TABLES and tensor.rows != len(vocabulary):
            raise CarveError(f"{tensor.name} has {tensor.rows} rows for {len(vocabulary)} tokens.")
        if tensor.name not in _TABLES and not tensor.name.startswith("blk.") and tensor.rows == len(vocabulary):
            raise CarveError(
                f"{tensor.name} is one more table of the vocabulary; this architecture cannot be cut yet.",
                remedy="Use this model uncut.",
            )


def write(
    base: GgufFile,
    vocabulary: Vocabulary,
    kept: Ids,
    target: Path,
    provenance: Provenance,
    progress: Callable[[int], None] = lambda done: None,
    *,
    one_table: Tensor | None = None,
    narrowed: Narrowed | None = None,
) -> Written:
    """Write the carved model to `target`; OSError if the disk refuses.

    `one_table` takes the place of both vocabulary tables, `narrowed` that of the feed-forward network.
    """
    check_cuttable(base, vocabulary)
    tensors = _tensors(base, kept, one_table, narrowed)
    values = dict(_metadata(base, vocabulary, kept, provenance)) | (dict(narrowed.values) if narrowed else {})
    return gguf_file.write_gguf(target, values.items(), tensors, alignment=base.alignment, progress=progress)


def carved_bytes(base: GgufFile, kept: Ids, one_table: Tensor | None = None, narrowed: Narrowed | None = None) -> int:
    """Bytes of tensor data the carved file will have."""
    return sum(tensor.n_bytes for tensor in _tensors(base, kept, one_table, narrowed))


def new_ids(kept: Ids, size: int) -> Ids:
    """Old id -> new id, -1 where the token is gone."""
    table = np.full(size, -1, np.int64)
    table[kept] = np.arange(len(kept))
    return table


def _tensors(base: GgufFile, kept: Ids, one_table: Tensor | None, narrowed: Narrowed | None) -> list[NewTensor]:
    instead = dict(narrowed.tensors) if narrowed else {}
    if one_table is not None:
        instead[EMBEDDING] = replace(_cut(base, one_table, kept), name=EMBEDDING)
    stay = (tensor for tensor in base.tensors if one_table is None or tensor.name != OUTPUT)
    return [instead.get(tensor.name) or _cut(base, tensor, kept) for tensor in stay]


def _cut(base: GgufFile, tensor: Tensor, kept: Ids) -> NewTensor:
    if tensor.name not in _TABLES:
        return NewTensor(tensor.name, tensor.dims, tensor.kind, tensor.n_bytes, lambda: base.tensor_chunks(tensor))
    dims = (*tensor.dims[:-1], len(kept))
    if len(dims) == 1 and tensor.row_bytes * tensor.rows != tensor.n_bytes:
        raise CarveError(f"{tensor.name} cannot be cut: its rows are packed together.")
    return NewTensor(
        tensor.name, dims, tensor.kind, tensor.row_bytes * len(kept), lambda: base.row_chunks(tensor, kept)
    )


def _metadata(
    base: GgufFile, vocabulary: Vocabulary, kept: Ids, provenance: Provenance
) -> Iterator[tuple[str, tuple[int, bytes]]]:
    ids = new_ids(kept, len(vocabulary))
    mask: NDArray[np.bool_] = ids >= 0
    named = frozenset(vocabulary.named.tolist())
    architecture = base.string("general.architecture")
    for key in base.values:
        if key in _DROPPED or key.startswith(PROVENANCE):
            continue
        if key == "tokenizer.ggml.tokens":
            yield key, gguf_file.texts([vocabulary.tokens[i] for i in kept.tolist()])
        elif key == "tokenizer.ggml.merges":
            yield key, gguf_file.texts(vocabulary.kept_merges(mask))
        elif key in _PER_TOKEN:
            yield key, gguf_file.numbers(base.numbers(key)[kept])
        elif names_token(key) and base.number(key) in named:
            yield key, gguf_file.scalar(base.values[key].kind, int(ids[int(base.number(key) or 0)]))
        elif key == f"{architecture}.vocab_size":
            yield key, gguf_file.scalar(gguf_file.UINT32, len(kept))
        else:
            yield key, base.raw(key)
    for name, value in asdict(provenance).items():
        yield PROVENANCE + name, gguf_file.text(str(value).encode())
    yield PROVENANCE + "kept_tokens", gguf_file.scalar(gguf_file.UINT32, len(kept))
