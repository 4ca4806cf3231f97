"""From the source of a region to its text: line breaks, common indentation, escapes, host code that is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lsp_experts.routing.regions.mapping import Mapping, Run
from lsp_experts.routing.regions.quoting import MASK, Quoting
from lsp_experts.syntax.difference import common_head

_LINE = re.compile(r"(\r\n|\r|\n)([ \t]*)")
_BLANK = re.compile(r"[ \t>]*")  # the lines of a block quote begin with its mark


@dataclass(frozen=True)
class Hole:
    """A stretch of the source (from, to) that is not the region's own: host code shown as `shown`.

    One that is not `held` is only the seam between two strings, and is shown as nothing.
    """

    start: int
    end: int
    shown: str = ""
    held: bool = True


def margin_of(source: str, host_margin: str, *, fresh: bool) -> str:
    """The indentation that all whole lines share, blank ones not counted; `fresh`: the first line is whole.

    Without such lines it is the longest blank one, and in a region of one line that of the host's line.
    """
    whole = f"\n{source}" if fresh else source
    lines = [(found[2], whole[found.end() : found.end() + 1]) for found in _LINE.finditer(whole)]
    filled = [blank for blank, after in lines if after not in ("", "\r", "\n")]
    if filled:
        low, high = min(filled), max(filled)
        return low[: common_head(low, high)]
    return max((blank for blank, _ in lines), key=len, default=host_margin)


def masked(source: str, holes: Sequence[Hole]) -> str:
    """`source` with nothing to be seen in its holes."""
    pieces: list[str] = []
    done = 0
    for hole in holes:
        pieces += (source[done : hole.start], MASK * (hole.end - hole.start))
        done = hole.end
    return "".join((*pieces, source[done:]))


@dataclass
class _Speller:
    runs: list[Run] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    at: int = 0

    def add(self, start: int, length: int, spoken: str, *, plain: bool = False, held: bool = False) -> None:
        self.runs.append(Run(start, length, self.at, len(spoken), plain, held))
        self.pieces.append(spoken)
        self.at += len(spoken)


def spelled(
    source: str, quoting: Quoting, margin: str, holes: Sequence[Hole] = (), *, before: str = "", fresh: bool = False
) -> Mapping:
    """The text of `source` and where it stands there.

    `before`: text that comes first and is nowhere in the source. `fresh`: the first line has a margin too.
    """
    speller = _Speller()
    speller.pieces.append(before)
    speller.at = len(before)
    token = re.compile(rf"(?P<escape>{quoting.escape.pattern})|(?:\r\n|\r|\n)", quoting.escape.flags)
    done = _margin_at(source, 0, len(source), margin) if fresh else 0
    for hole in (*holes, Hole(len(source), len(source), held=False)):
        _spell_stretch(speller, source, done, hole.start, token, quoting, margin)
        if hole.held:
            speller.add(hole.start, hole.end - hole.start, hole.shown, held=True)
        done = hole.end
    if not speller.runs or speller.runs[-1].start + speller.runs[-1].length < len(source):
        speller.add(len(source), 0, "", plain=True)
    return Mapping(tuple(speller.runs), "".join(speller.pieces))


def _spell_stretch(
    speller: _Speller, source: str, start: int, end: int, token: re.Pattern[str], quoting: Quoting, margin: str
) -> None:
    done = start
    for found in _tokens(token, source, start, end):
        dropped = _margin_at(source, found.end(), end, margin) if found["escape"] is None else 0
        if found[0] == "\n" and not dropped:
            continue  # as plain as what is round it
        whole = found.end() if found[0] == "\n" else found.start()
        if whole > done:
            speller.add(done, whole - done, source[done:whole], plain=True)
        done = found.end() + dropped
        meaning = "\n" if found["escape"] is None else quoting.read(found[0])
        if whole < found.end() and meaning:
            speller.add(whole, found.end() - whole, meaning)
    if end > done or (speller.runs and end == done):
        speller.add(done, end - done, source[done:end], plain=True)


def _tokens(token: re.Pattern[str], source: str, start: int, end: int) -> Iterator[re.Match[str]]:
    while start < end and (found := token.search(source, start, end)):
        yield found
        start = max(found.end(), start + 1)


def _margin_at(source: str, start: int, end: int, margin: str) -> int:
    """How much of a line's beginning is margin; a blank line that has not all of it has nothing else."""
    if source.startswith(margin, start, end):
        return len(margin)
    line = _BLANK.match(source, start, end)
    blank = line[0] if line is not None else ""
    return len(blank) if source[start + len(blank) : start + len(blank) + 1] in ("", "\r", "\n") else 0
