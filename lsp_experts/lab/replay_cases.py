"""What `bench replay` types: held-out text of real files, drawn with a seed and spread over files and languages. Pure
but for reading the files.

Four kinds of holes, as often as a file has places for them:
    line   a whole new line below another one: its line break, its indentation, its text
    end    a line's rest, from the start of a word on
    mid    what stands between two brackets of one line; the closing one stays right of the cursor
    block  the indented lines below a line that opens a block, 2 to 8 of them
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.generated import left_alone
from lsp_experts.lab.corpus import MAX_FILE_BYTES, files_below, languages_of, readable
from lsp_experts.settings import Settings

KINDS = ("line", "end", "mid", "block")
_MIN_CHARS = 8  # of what is held out, without its indentation
_MAX_CHARS = 400
_BLOCK_LINES = (2, 8)
_MAX_PER_FILE = 3
_OPENS = ("{", "(", "[", ":", ">")
_BETWEEN = re.compile(r"(?<=[(\[{])[^()\[\]{}\n]{8,60}(?=[)\]}])")
_WORD_START = re.compile(r"(?<=[\s(,=])\w")
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|<!--|\"\"\")")
# Where an editor's language id is not the one that a corpus counts the file for.
_IDS = {
    ".jsx": "javascriptreact", ".less": "less", ".scss": "scss", ".svelte": "svelte", ".tsx": "typescriptreact",
    ".vue": "vue",
}  # fmt: skip


@dataclass(frozen=True)
class SourceFile:
    """A file of the workspace, with \\n as its line breaks. `language` is what an editor says it is."""

    path: Path
    language: str
    text: str


@dataclass(frozen=True)
class Hole:
    """A stretch of a text that is held out: [start, end)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Case:
    """A document with a hole at `offset`; `truth` is what its writer wrote there. `language` is that of the place."""

    path: Path
    document_language: str
    language: str
    kind: str
    text: str
    offset: int
    truth: str

    @property
    def after(self) -> str:
        """What follows the hole."""
        return self.text[self.offset :]


def source_files(folder: Path) -> tuple[SourceFile, ...]:
    """Files of a workspace in which somebody types: no ignored, generated, minified or secret ones."""
    return tuple(_readable_files(folder))


def files_within(folder: Path) -> tuple[SourceFile, ...]:
    """As source_files; their paths begin at `folder`, so that the same text elsewhere is the same case."""
    return tuple(replace(file, path=file.path.relative_to(folder)) for file in source_files(folder))


def _readable_files(folder: Path) -> Iterator[SourceFile]:
    for path in files_below(folder):
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError:
            continue  # gone meanwhile, or not ours to read
        source = source_file(path, data)
        if source is not None:
            yield source


def source_file(path: Path, data: bytes) -> SourceFile | None:
    """A file with these bytes, MAX_FILE_BYTES + 1 of them at most; None if nobody types in it, as source_files says."""
    languages = languages_of(path.name, data[:4096])
    text = readable(data) if languages else None
    uri = path.absolute().as_uri()
    if text is None or left_alone(uri, text) or excluded(uri, text, Settings()):
        return None
    return SourceFile(path, _IDS.get(path.suffix.lower(), languages[0]), plain_newlines(text))


def holes(text: str) -> dict[str, list[Hole]]:
    """All places of a text that can be held out, by kind."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: dict[str, list[Hole]] = {kind: [] for kind in KINDS}
    for number, line in enumerate(lines):
        start = starts[number]
        if len(line) > _MAX_CHARS or len(line.strip()) < _MIN_CHARS or _COMMENT.match(line):
            continue
        if number:
            found["line"].append(Hole("line", start - 1, start + len(line.rstrip())))
        for match in _WORD_START.finditer(line):
            if line[: match.start()].strip() and len(line.rstrip()) - match.start() >= _MIN_CHARS:
                found["end"].append(Hole("end", start + match.start(), start + len(line.rstrip())))
        for match in _BETWEEN.finditer(line):
            found["mid"].append(Hole("mid", start + match.start(), start + match.end()))
        if body := _body(lines, number):
            last = number + body
            found["block"].append(Hole("block", start + len(line.rstrip()), starts[last] + len(lines[last].rstrip())))
    return {kind: [hole for hole in places if hole.end - hole.start <= _MAX_CHARS] for kind, places in found.items()}


def _body(lines: Sequence[str], opener: int) -> int:
    """How many lines below `opener` are its block; 0 where there is none, or one that is too short or too long."""
    if not lines[opener].rstrip().endswith(_OPENS):
        return 0
    count = 0
    for line in lines[opener + 1 :]:
        if line.strip() and _indent(line) <= _indent(lines[opener]):
            break
        count += 1
        if count > _BLOCK_LINES[1]:
            return 0
    while count and not lines[opener + count].strip():
        count -= 1
    return count if count >= _BLOCK_LINES[0] else 0


def _indent(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip())


def pick_cases(
    files: Sequence[SourceFile],
    limit: int,
    seed: int,
    language_at: Callable[[SourceFile], Callable[[int], str]],
    languages: Collection[str] = (),
) -> tuple[Case, ...]:
    """At most `limit` cases: languages take turns, then files, then kinds; no file has more than 3.

    `language_at(file)` gives the language at an offset of the file. `languages`: only these, () for all.
    """
    rng = random.Random(seed)
    by_language: dict[str, list[Case]] = {}
    for file in rng.sample(files, len(files)):
        for case in _cases_of(file, rng, language_at(file)):
            if not languages or case.language in languages:
                by_language.setdefault(case.language, []).append(case)
    queues = {name: _spread(cases) for name, cases in sorted(by_language.items())}
    picked: list[Case] = []
    while len(picked) < limit and any(queues.values()):
        for queue in queues.values():
            if queue and len(picked) < limit:
                picked.append(queue.pop(0))
    return tuple(picked)


def _cases_of(file: SourceFile, rng: random.Random, language_at: Callable[[int], str]) -> Iterator[Case]:
    """One case of each kind that the file has, in a random order; for each language in it."""
    by_place: dict[tuple[str, str], list[Hole]] = {}
    for kind, places in holes(file.text).items():
        for hole in places:
            by_place.setdefault((language_at(hole.start), kind), []).append(hole)
    for (language, kind), places in rng.sample(sorted(by_place.items()), len(by_place)):
        hole = rng.choice(places)
        yield Case(
            path=file.path,
            document_language=file.language,
            language=language,
            kind=kind,
            text=file.text[: hole.start] + file.text[hole.end :],
            offset=hole.start,
            truth=file.text[hole.start : hole.end],
        )


def _spread(cases: Sequence[Case]) -> list[Case]:
    """First one case of each file, the kinds in turn, then a second one of each, then a third."""
    by_file: dict[Path, list[Case]] = {}
    for case in cases:
        by_file.setdefault(case.path, []).append(case)
    used: dict[str, int] = dict.fromkeys(KINDS, 0)
    spread: list[Case] = []
    for _ in range(_MAX_PER_FILE):
        for left in by_file.values():
            if left:
                case = min(left, key=lambda one: used[one.kind])
                left.remove(case)
                used[case.kind] += 1
                spread.append(case)
    return spread


def counts(cases: Sequence[Case]) -> Mapping[str, int]:
    """How many cases each language has."""
    return {
        language: sum(case.language == language for case in cases) for language in sorted({c.language for c in cases})
    }
