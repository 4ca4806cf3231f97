"""Keep-sets: which tokens of a tokenizer one language uses, as compact files that ship with the package.

A file is the magic line, one line of JSON (the Header), and a zlib stream of the set's bits, one per token id.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from cattrs import Converter
from cattrs.errors import BaseValidationError
from numpy.typing import NDArray

from lsp_experts.errors import CarveError
from lsp_experts.lab.gguf_vocabulary import Vocabulary
from lsp_experts.paths import package_data

MAGIC = b"LSP-EXPERTS KEEP-SET 1\n"
MAX_TOKENS = 1 << 22


@dataclass(frozen=True)
class Corpus:
    """One package the set was counted from."""

    name: str
    version: str
    licence: str
    source: str  # "debian-source", "debian", "npm" or "wheel"


@dataclass(frozen=True)
class Header:
    """What a keep-set says about itself: `tokenizer` is Vocabulary.identity, `size` the token ids it covers."""

    language: str
    tokenizer: str
    tokenizer_name: str
    size: int
    count: int
    corpora: tuple[Corpus, ...]


@dataclass(frozen=True)
class KeepSet:
    """Token ids of one language, ascending; `sha256` identifies the file they came from."""

    header: Header
    ids: NDArray[np.int64]
    sha256: str


def encode(header: Header, ids: NDArray[np.int64]) -> bytes:
    """A keep-set file; the same set gives the same bytes."""
    bits = np.zeros(header.size, np.uint8)
    bits[ids] = 1
    described = json.dumps(asdict(header), ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    return MAGIC + described + b"\n" + zlib.compress(np.packbits(bits).tobytes(), 9)


def decode(data: bytes, name: str) -> KeepSet:
    """A keep-set from the bytes of a file; CarveError, naming `name`, if they are not one."""
    try:
        if not data.startswith(MAGIC):
            raise ValueError("it does not start as a keep-set")
        described, _, packed = data[len(MAGIC) :].partition(b"\n")
        header = Converter(forbid_extra_keys=False).structure(json.loads(described), Header)
        if not 0 < header.size <= MAX_TOKENS:
            raise ValueError("its size is absurd")
        inflater = zlib.decompressobj()
        raw = inflater.decompress(packed, (header.size + 7) // 8 + 1)
        if len(raw) != (header.size + 7) // 8 or not inflater.eof:
            raise ValueError("its bits do not match its size")
        ids = np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8), count=header.size))
        if len(ids) != header.count:
            raise ValueError(f"it announces {header.count} tokens and holds {len(ids)}")
    except (ValueError, KeyError, TypeError, zlib.error, BaseValidationError) as error:
        raise CarveError(f"{name} is not a keep-set: {error}.", remedy="Install the package again.") from None
    return KeepSet(header, ids, hashlib.sha256(data).hexdigest())


def folder() -> Path:
    """Where the shipped keep-sets lie."""
    return package_data() / "keepsets"


def shipped() -> tuple[str, ...]:
    """Names of the keep-sets that ship with the package."""
    return tuple(sorted(path.stem for path in folder().glob("*.keep")))


def load(name: str) -> KeepSet:
    """The shipped keep-set `name`. CarveError names the ones there are."""
    if name not in shipped():
        raise CarveError(
            f"There is no keep-set named {name!r}.",
            remedy=f"Shipped ones: {', '.join(shipped())}. Or give --corpus DIR with code of that language.",
        )
    path = folder() / f"{name}.keep"
    return decode(path.read_bytes(), path.name)


def listing(keep_set: KeepSet, vocabulary: Vocabulary) -> Iterator[str]:
    """The set for a human: where it comes from, then one line per token with its id and text."""
    header = keep_set.header
    tokenizer = f"{header.tokenizer_name} ({header.tokenizer[:12]})"
    yield f"{header.language}: {header.count} of {header.size} tokens of {tokenizer}"
    for corpus in header.corpora:
        yield f"from {corpus.name} {corpus.version} ({corpus.source}, {corpus.licence})"
    for token_id in keep_set.ids.tolist():
        yield f"{token_id}\t{vocabulary.text(token_id)!r}"
