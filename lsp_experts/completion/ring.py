"""Stretches of code that the user saw lately: bounded, without doubles, in an order that only appends. Pure.

The sizes and the rules of likeness are those of llama.vim.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass

from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.key_material import looks_secret

CHUNK_LINES = 64
LEAST_LINES = 3
JUMP_LINES = 32  # a cursor that moves further has left a place
SAME = 0.9  # two chunks as alike as this are one, seen again
COPY = 0.5  # a chunk as like the text round the cursor as this would only be copied
_MOST_KEPT = 64  # chunks of all languages together
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Chunk:
    """Lines of a document, as they were when the user left them."""

    uri: str
    language: str
    text: str


def chunk_at(uri: str, language: str, text: str, line: int) -> Chunk | None:
    """The lines round `line` (from 0), lines with key material left out; None if there is too little to read."""
    lines = plain_newlines(text).split("\n")
    first = max(0, min(line - CHUNK_LINES // 2, len(lines) - CHUNK_LINES))
    kept = [each for each in lines[first : first + CHUNK_LINES] if not looks_secret(each)]
    if sum(bool(each.strip()) for each in kept) < LEAST_LINES:
        return None
    return Chunk(uri, language, "\n".join(kept).strip("\n"))


def likeness(one: str, two: str) -> float:
    """How many words two texts have in common, 0.0 to 1.0 (Dice)."""
    ours, theirs = Counter(_WORD.findall(one)), Counter(_WORD.findall(two))
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 0.0


class Ring:
    """The chunks that were seen last."""

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque(maxlen=_MOST_KEPT)  # the newest last

    def see(self, chunk: Chunk) -> None:
        """Keep `chunk` as the newest; older ones that say the same go."""
        like = [old for old in self._chunks if old.language == chunk.language and likeness(old.text, chunk.text) > SAME]
        for old in like:
            self._chunks.remove(old)
        self._chunks.append(chunk)

    def forget(self, uris: Collection[str]) -> None:
        """Nothing of these documents stays."""
        self._chunks = deque((chunk for chunk in self._chunks if chunk.uri not in uris), maxlen=_MOST_KEPT)

    def chunks(self, most: int, languages: Collection[str], uri: str, near: str) -> tuple[Chunk, ...]:
        """The newest `most` chunks of other documents than `uri` that are not like the text `near` the cursor."""
        if most <= 0:
            return ()
        others = [chunk for chunk in self._chunks if chunk.uri != uri and chunk.language in languages]
        return tuple(chunk for chunk in others[-most:] if likeness(chunk.text, near) <= COPY)
