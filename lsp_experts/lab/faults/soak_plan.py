"""What a user does in an hour of the soak: languages, edits, settings, and when the engine is killed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STARTS = {
    "go": ("main.go", "package main\n\nfunc add(a int, b int) int {\n\tret"),
    "html": ("page.html", '<body>\n  <div class="main">\n    <span>'),
    "python": ("tool.py", "def add(a: int, b: int) -> int:\n    ret"),
    "sql": ("report.sql", "SELECT name, count(*)\nFROM visits\nWHERE "),
}
_SCRAPS = (
    "a",
    "x",
    " ",
    "\n",
    "\n    ",
    ".",
    "(",
    ")",
    "{",
    "}",
    "= ",
    "return ",
    "count",
    '"',
    "<p>",
    "é",
    "🙂",
    "\t",
)
_SETTINGS: tuple[Mapping[str, Any], ...] = (
    {}, {"maxLines": 1}, {"maxTokens": 6}, {"contextChars": 0}, {"speculate": False, "warm": False}, {"enabled": False},
    {"debounce": "adaptive"}, {"combine": "rank"}, {"trigger": "smart"}, {"draftTokens": 0}, {"promptStyle": "usual"},
)  # fmt: skip
_MOST_CHARS = 6_000  # then the file is begun anew: its growth would be growth of the drill's own
_MOST_KEYS = 4
_SOME = 12


@dataclass(frozen=True)
class Step:
    """About a second of work: `keys` edits in the file of `language`, a request behind each."""

    language: str
    keys: int
    asks_popup: bool = False
    saves: bool = False
    reopens: bool = False  # closes the file and opens it again
    settings: Mapping[str, Any] | None = None  # what the user sets first
    kills: bool = False  # the engine is killed


@dataclass(frozen=True)
class Draft:
    """A file that is written, `cursor` in code points."""

    text: str
    cursor: int
    version: int = 1

    def position(self, offset: int) -> dict[str, int]:
        """The position of an offset, in UTF-16 units."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        units = len(self.text[line_start:offset].encode("utf-16-le")) // 2
        return {"line": self.text.count("\n", 0, offset), "character": units}


@dataclass(frozen=True)
class Edit:
    """The draft afterwards, and the change that tells the server."""

    draft: Draft
    change: Mapping[str, Any] = field(default_factory=dict)


def steps(seed: int, count: int, *, swaps: int, kills: int, changes: int) -> Iterator[Step]:
    """`count` steps; `swaps` changes of the language, `kills` and `changes` of settings stand evenly among them.

    Kills go through the languages in turn: an expert under which the engine ends twice in ten minutes is switched off.
    """
    chance, names, killed = random.Random(seed), tuple(STARTS), 0
    language = names[0]
    for number in range(count):
        if _due(number, count, kills, between=True):
            language = names[killed % len(names)]
            killed += 1
            yield Step(language, 1, settings={}, kills=True)
            continue
        if _due(number, count, swaps):
            language = chance.choice([name for name in names if name != language])
        yield Step(
            language,
            chance.randint(1, _MOST_KEYS),
            asks_popup=chance.random() < 0.1,
            saves=chance.random() < 0.1,
            reopens=chance.random() < 0.02,
            settings=chance.choice(_SETTINGS) if _due(number, count, changes) else None,
        )


def _due(number: int, count: int, times: int, *, between: bool = False) -> bool:
    """Whether one of `times` events that stand evenly among `count` steps stands here, or halfway `between` two."""
    shift = count // 2 if between else 0
    return ((number + 1) * times + shift) // count > (number * times + shift) // count


def edited(draft: Draft, suggestion: str, start: str, chance: random.Random) -> Edit:
    """What a user may do next: type, accept `suggestion`, erase, go elsewhere and type, or write all anew."""
    if len(draft.text) > _MOST_CHARS:
        whole = start[: chance.randint(1, len(start))] + "\n"
        return Edit(Draft(whole, len(whole), draft.version + 1), {"text": whole})
    what = chance.random()
    if suggestion and what < 0.2:
        return _replaced(draft, draft.cursor, suggestion.replace("\r", ""))  # a line end that Draft does not count
    if what < 0.35:
        return _replaced(draft, max(0, draft.cursor - chance.randint(1, _SOME)), "")
    if what < 0.45:
        draft = replace(draft, cursor=chance.randint(0, len(draft.text)))
    return _replaced(draft, draft.cursor, chance.choice(_SCRAPS))


def _replaced(draft: Draft, start: int, text: str) -> Edit:
    """`text` for what stands between `start` and the cursor."""
    span = {"start": draft.position(start), "end": draft.position(draft.cursor)}
    whole = draft.text[:start] + text + draft.text[draft.cursor :]
    return Edit(Draft(whole, start + len(text), draft.version + 1), {"range": span, "text": text})
