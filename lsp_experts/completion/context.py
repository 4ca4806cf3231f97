"""What other files have to say to a new prompt: the definitions it needs and the newest edits. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lsp_experts.completion.edits import Edit
from lsp_experts.completion.exclusion import path_of
from lsp_experts.completion.symbols import Symbol

LEAST_ROOM_CHARS = 80  # for less there is no point
_NEAR_BEFORE, _NEAR_AFTER = 1500, 500  # characters round the cursor whose names count
_SEEN_CHARS = 20_000  # of a document without a cursor
_LEAST_EDIT_CHARS = 12
_NAME = re.compile(r"[^\W\d][\w$-]+")


@dataclass(frozen=True)
class Excerpt:
    """Lines of another file, as a prompt shows them. `path` is short: a folder and a name."""

    path: str
    text: str


@dataclass(frozen=True)
class Definition:
    """A symbol of a document."""

    uri: str
    symbol: Symbol


def short_path(uri: str) -> str:
    """The last folder and the name of a URI's path: no more of the user's folders than a model needs."""
    parts = [part for part in path_of(uri).replace("\\", "/").split("/") if part]
    return "/".join(parts[-2:])


def choose_excerpts(
    text: str,
    offset: int | None,
    own: Collection[str],
    definitions: Sequence[Definition],
    edits: Sequence[Edit],
    room_chars: int,
) -> tuple[Excerpt, ...]:
    """What fits into `room_chars`, the most relevant file last: nearest to the code that is written.

    First the definitions of names near the cursor that are not among the document's `own`, the nearest first; then
    `edits` in their order.
    """
    chosen: dict[str, list[str]] = {}
    for uri, piece in _by_relevance(text, offset, own, definitions, edits):
        if piece in chosen.get(uri, ()):
            continue
        cost = len(piece) + 1 + (0 if uri in chosen else len(short_path(uri)) + 2)
        if cost <= room_chars:
            chosen.setdefault(uri, []).append(piece)
            room_chars -= cost
    return tuple(Excerpt(short_path(uri), "\n".join(pieces) + "\n") for uri, pieces in reversed(chosen.items()))


def _by_relevance(
    text: str, offset: int | None, own: Collection[str], definitions: Sequence[Definition], edits: Sequence[Edit]
) -> Iterator[tuple[str, str]]:
    near = _distances(text, offset)
    needed = [found for found in definitions if found.symbol.name in near and found.symbol.name not in own]
    for found in sorted(needed, key=lambda found: near[found.symbol.name]):
        yield found.uri, found.symbol.line
    yield from ((edit.uri, edit.text) for edit in edits if len(edit.text.strip()) >= _LEAST_EDIT_CHARS)


def _distances(text: str, offset: int | None) -> dict[str, int]:
    """Names round the cursor, each with its distance from it; all equally far where there is no cursor yet."""
    if offset is None:
        return dict.fromkeys(_NAME.findall(text[:_SEEN_CHARS]), 0)
    start = max(0, offset - _NEAR_BEFORE)
    distances: dict[str, int] = {}
    for match in _NAME.finditer(text[start : offset + _NEAR_AFTER]):
        distance = abs(start + match.start() - offset)
        distances[match.group()] = min(distance, distances.get(match.group(), distance))
    return distances
