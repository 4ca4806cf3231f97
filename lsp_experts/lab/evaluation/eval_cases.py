"""Where an evaluation asks: held-out lines and blocks of real files, as they were while somebody typed them.

A *place* is a line with up to three holes, or a block with one; their prompts have much in common, so all but the first
cost little. The cursor stands where an editor puts it:
    line   behind the indentation of a new line; the whole line is held out
    end    behind a part of the line, at the start of a word; its rest is held out
    mid    behind an opening bracket; what stands between it and the closing one is held out
    block  behind the indentation of a block's first line; all its lines are held out
A region of another language inside a file is a document of its own, as in the product.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest
from pathlib import Path

from lsp_experts.completion.key_material import looks_secret
from lsp_experts.lab.replay_cases import Case, Hole, SourceFile, holes
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.languages import language_of
from lsp_experts.routing.regions import Region, regions
from lsp_experts.syntax.tree import SyntaxTree

Ranges = Sequence[range]

_MOST_CHARS = 160  # of a hole: about what a suggestion of `max_tokens` 48 can spell
_NEW_LINE = ("line", "block")  # replay_cases' holes of these kinds begin with a line break, which is typed here


def eval_cases(
    files: Sequence[SourceFile],
    limit: int,
    seed: int,
    languages: Collection[str] = (),
    only: Mapping[Path, Ranges] | None = None,
) -> tuple[Case, ...]:
    """At most `limit` cases for each language, spread over the files; a place's cases follow each other.

    `languages`: only these, () for all. `only`: just these files, and of them these lines (from 0), as
    changed_lines() gives them. The same files, limit and seed give the same cases, whatever `languages` says.
    Languages take turns, so that an evaluation that is cut short has cases of all.
    """
    by_language: dict[str, list[list[_Place]]] = {}
    for file in _some(files, limit, seed, only):
        for language, places in file.items():
            by_language.setdefault(language, []).append(places)
    queues = [
        _spread(by_file, limit)
        for language, by_file in sorted(by_language.items())
        if not languages or language in languages
    ]
    return tuple(case for turn in zip_longest(*queues) for place in turn if place for case in place.cases())


def by_place(cases: Sequence[Case]) -> list[tuple[Case, ...]]:
    """Cases that follow each other and ask in one line of one file, together."""

    def place(case: Case) -> tuple[Path, str, int, bool]:
        return case.path, case.document_language, case.text.count("\n", 0, case.offset), case.kind == "block"

    return [tuple(group) for _, group in groupby(cases, place)]


class _Lines:
    """Which line (from 0) of a text an offset is in."""

    def __init__(self, text: str) -> None:
        self._ends = [at for at, char in enumerate(text) if char == "\n"]

    def of(self, offset: int) -> int:
        return bisect_left(self._ends, offset)


@dataclass(frozen=True)
class _Document:
    """A file, or a region of it. `language` is what experts are chosen by, `syntax` what it is parsed as."""

    path: Path
    language: str
    syntax: str
    text: str
    lines: _Lines
    file_lines: _Lines
    region: Region | None
    inside: tuple[Region, ...]  # regions that are documents of their own

    def may(self, hole: Hole, only: Ranges | None) -> bool:
        """Whether the hole is the document's own, short, no secret, and its lines are among `only`."""
        truth = self.text[hole.start : hole.end]
        if len(truth) > _MOST_CHARS or looks_secret(truth):
            return False
        if any(part.start < hole.end and hole.start < part.end for part in self.inside):
            return False
        start, end = (self._outside(place) for place in (hole.start, hole.end))
        if start is None or end is None:
            return False
        if only is None:
            return True
        first, last = self.file_lines.of(start), self.file_lines.of(end)
        return all(any(line in lines for lines in only) for line in range(first, last + 1))

    def _outside(self, offset: int) -> int | None:
        return offset if self.region is None else self.region.outside(offset)


@dataclass(frozen=True)
class _Place:
    """Holes of one line, or one of a block."""

    document: _Document
    holes: tuple[Hole, ...]

    def cases(self) -> Iterator[Case]:
        text = self.document.text
        for hole in self.holes:
            yield Case(
                path=self.document.path,
                document_language=self.document.syntax,
                language=self.document.language,
                kind=hole.kind,
                text=text[: hole.start] + text[hole.end :],
                offset=hole.start,
                truth=text[hole.start : hole.end],
            )


def _some(
    files: Sequence[SourceFile], limit: int, seed: int, only: Mapping[Path, Ranges] | None
) -> Iterator[dict[str, list[_Place]]]:
    """The places of files drawn by the seed, by language: of each kind of file so many that have any as `limit`."""
    found: dict[str, int] = {}
    for file in random.Random(seed).sample(files, len(files)):
        if found.get(file.language, 0) >= limit or (only is not None and file.path not in only):
            continue
        rng = random.Random(f"{seed}\n{file.text}")
        places: dict[str, list[_Place]] = {}
        for document in _documents(file):
            mine = list(_places(document, rng, None if only is None else only[file.path]))
            if mine:
                places.setdefault(document.language, []).extend(mine)
        if places:
            found[file.language] = found.get(file.language, 0) + 1
            yield places


def _documents(file: SourceFile) -> Iterator[_Document]:
    inside = regions(SyntaxTree(file.language, file.text))
    language = language_of("", file.language, Catalogue({}, {}))
    lines = _Lines(file.text)
    yield _Document(file.path, language, file.language, file.text, lines, lines, None, inside)
    for region in inside:
        own = _Lines(region.text)
        yield _Document(file.path, region.language, region.language, region.text, own, lines, region, ())


def _places(document: _Document, rng: random.Random, only: Ranges | None) -> Iterator[_Place]:
    """Lines and blocks in turn, drawn by chance; of a line one hole of each kind."""
    lines: dict[int, dict[str, list[Hole]]] = {}
    blocks: list[_Place] = []
    for kind, found in holes(document.text).items():
        for hole in found:
            typed = _behind_indentation(hole, document.text) if kind in _NEW_LINE else hole
            if not document.may(typed, only):
                continue
            if kind == "block":
                blocks.append(_Place(document, (typed,)))
            else:
                lines.setdefault(document.lines.of(typed.start), {}).setdefault(kind, []).append(typed)
    of_lines = [
        _Place(document, tuple(rng.choice(found) for found in kinds.values())) for _, kinds in sorted(lines.items())
    ]
    both = [rng.sample(places, len(places)) for places in (of_lines, blocks)]
    turns = zip_longest(*rng.sample(both, 2))  # of many files only the first place is asked
    return (place for turn in turns for place in turn if place)


def _behind_indentation(hole: Hole, text: str) -> Hole:
    start = hole.start
    while text[start].isspace():
        start += 1
    return replace(hole, start=start)


def _spread(by_file: Sequence[Sequence[_Place]], limit: int) -> list[_Place]:
    """A place of each file, then another one of each, until there are `limit` cases."""
    spread: list[_Place] = []
    left = limit
    for place in (place for turn in zip_longest(*by_file) for place in turn if place):
        if left <= 0:
            break
        spread.append(replace(place, holes=place.holes[:left]))
        left -= len(spread[-1].holes)
    return spread
