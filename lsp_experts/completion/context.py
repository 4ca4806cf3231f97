"""What other files have to say to a new prompt: definitions it needs, code seen lately, the newest edits. Pure.

What changes least stands first, and a context that is chosen again keeps its beginning, so that the KV cache keeps it
too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsp_experts.completion.edits import Edit
from lsp_experts.completion.ring import Chunk
from lsp_experts.syntax.definitions import Definition

LEAST_ROOM_CHARS = 80  # for less there is no point
NEAR_BEFORE, NEAR_AFTER = 1500, 500  # characters round the cursor whose names count
_SEEN_CHARS = 20_000  # of a document without a cursor
_LEAST_EDIT_CHARS = 12
_NAME = re.compile(r"[^\W\d][\w$-]+")
# How much further than its own distance from the cursor a definition counts.
_FAR_OWNER, _UNUSED_MEMBER = 1000, 3000


@dataclass(frozen=True)
class Excerpt:
    """Lines of another file, as a prompt shows them."""

    path: str
    text: str


@dataclass(frozen=True)
class Source:
    """A file and what it defines. `imported`: by the document that is completed."""

    path: str
    definitions: tuple[Definition, ...]
    imported: bool = False


@dataclass(frozen=True)
class Known:
    """All that could be said. Sources stand dependencies first, chunks oldest first, edits newest first."""

    own: frozenset[str] = frozenset()  # names that the document defines itself
    sources: tuple[Source, ...] = ()
    chunks: tuple[tuple[str, Chunk], ...] = ()  # each with the path of its file
    edits: tuple[tuple[str, Edit], ...] = ()


def near_cursor(text: str, offset: int | None) -> str:
    """The text whose names count."""
    if offset is None:
        return text[:_SEEN_CHARS]
    return text[max(0, offset - NEAR_BEFORE) : offset + NEAR_AFTER]


def choose_excerpts(
    text: str, offset: int | None, known: Known, room_chars: int, before: Sequence[Excerpt] = ()
) -> tuple[Excerpt, ...]:
    """What fits into `room_chars`: definitions of names near the cursor, then chunks, then edits.

    `before` is what the prompt says already: its beginning stays as long as it is true, and what is new goes behind it,
    unless most of that finds no room there.
    """
    afresh = _chosen(text, offset, known, room_chars, ())
    kept = _still_true(before, known)
    longer = (*kept, *_chosen(text, offset, known, room_chars - chars_of(kept), kept))
    return longer if gain_chars(longer, afresh) <= chars_of(afresh) // 2 else afresh


def chars_of(excerpts: Sequence[Excerpt]) -> int:
    """About what they take of a prompt."""
    return sum(len(excerpt.path) + len(excerpt.text) + 2 for excerpt in excerpts)


def gain_chars(before: Sequence[Excerpt], after: Sequence[Excerpt]) -> int:
    """How much `after` says that `before` does not."""
    said = _lines(before)
    return sum(len(line) + 1 for path, line in _lines(after) if (path, line) not in said)


def _lines(excerpts: Sequence[Excerpt]) -> set[tuple[str, str]]:
    return {(excerpt.path, line) for excerpt in excerpts for line in excerpt.text.splitlines()}


def _still_true(before: Sequence[Excerpt], known: Known) -> tuple[Excerpt, ...]:
    """The beginning of `before` of which every line is still defined, and every other piece still stands."""
    lines = {(source.path, _line(each)) for source in known.sources for each in source.definitions}
    pieces = set(_pieces(known))
    kept: list[Excerpt] = []
    for excerpt in before:
        if excerpt not in pieces and not _lines((excerpt,)) <= lines:
            break
        kept.append(excerpt)
    return tuple(kept)


def _pieces(known: Known) -> tuple[Excerpt, ...]:
    """Chunks, then edits, the newest of both last."""
    edits = [(path, edit.text) for path, edit in known.edits if len(edit.text.strip()) >= _LEAST_EDIT_CHARS]
    chunks = [(path, chunk.text) for path, chunk in known.chunks]
    return tuple(Excerpt(path, f"{text}\n") for path, text in (*chunks, *reversed(edits)))


def _chosen(
    text: str, offset: int | None, known: Known, room_chars: int, said: Sequence[Excerpt]
) -> tuple[Excerpt, ...]:
    lines_said = _lines(said)
    chosen: set[tuple[int, int]] = set()  # places of definitions: source, definition
    paths: set[int] = set()
    for place, header in _by_relevance(_distances(text, offset), known):
        source = known.sources[place[0]]
        places = [each for each in (header, place) if each is not None and each not in chosen]
        lines = [_line(source.definitions[index]) for _, index in places]
        if all((source.path, line) in lines_said for line in lines[-1:]):
            continue
        cost = sum(len(line) + 1 for line in lines) + (0 if place[0] in paths else len(source.path) + 2)
        if cost <= room_chars:
            chosen.update(places)
            paths.add(place[0])
            room_chars -= cost
    found: list[Excerpt] = []
    for piece in reversed(_pieces(known)):
        if piece not in said and chars_of((piece,)) <= room_chars:
            found.insert(0, piece)
            room_chars -= chars_of((piece,))
    return (*(_excerpt(source, index, chosen) for index, source in enumerate(known.sources) if index in paths), *found)


def _excerpt(source: Source, index: int, chosen: Collection[tuple[int, int]]) -> Excerpt:
    lines = [_line(each) for number, each in enumerate(source.definitions) if (index, number) in chosen]
    return Excerpt(source.path, "\n".join(lines) + "\n")


def _line(definition: Definition) -> str:
    return f"    {definition.line}" if definition.owner else definition.line


def _by_relevance(near: Mapping[str, int], known: Known) -> Iterator[tuple[tuple[int, int], tuple[int, int] | None]]:
    """Places of definitions, the most relevant first, each with the place of its owner's header."""
    imported = {d.name for source in known.sources if source.imported for d in source.definitions}
    ranked: list[tuple[int, tuple[int, int], tuple[int, int] | None]] = []
    for number, source in enumerate(known.sources):
        headers = {d.name: (number, index) for index, d in enumerate(source.definitions) if not d.owner}
        for index, definition in enumerate(source.definitions):
            name, owner = definition.name, definition.owner
            if name in known.own or (name in imported and not source.imported):
                continue
            if name in near:
                rank = near[name] + (_FAR_OWNER if owner and owner not in near else 0)
            elif owner in near and source.imported and not name.startswith("_"):
                rank = near[owner] + _UNUSED_MEMBER
            else:
                continue
            ranked.append((rank, (number, index), headers.get(owner)))
    for _, place, header in sorted(ranked, key=lambda item: item[0]):
        yield place, header


def _distances(text: str, offset: int | None) -> dict[str, int]:
    """Names round the cursor, each with its distance from it; all equally far where there is no cursor yet."""
    near = near_cursor(text, offset)
    if offset is None:
        return dict.fromkeys(_NAME.findall(near), 0)
    at = min(offset, NEAR_BEFORE)
    distances: dict[str, int] = {}
    for match in _NAME.finditer(near):
        distance = abs(match.start() - at)
        distances[match.group()] = min(distance, distances.get(match.group(), distance))
    return distances
