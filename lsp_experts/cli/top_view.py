"""What `lsp-experts top` shows of one server: from the JSON of its status file to something rich can draw.

The files are data that another version, or nobody's program, may have written: a value of a wrong kind is left blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_MIB = 1024 * 1024
_BAR_CHARS = 24
_TEXT_CHARS = 200
_MOST_SILENCES = 5
_STYLES = {
    "HOT": "bold green", "LOADING": "yellow", "UNPARKING": "yellow", "PARKED": "cyan", "CACHED": "blue", "COLD": "dim",
}  # fmt: skip
_ORDER = {state: rank for rank, state in enumerate(_STYLES)}
# Title, field of the expert, factor, decimals.
_FIGURES: tuple[tuple[str, str, float, int], ...] = (
    ("MiB", "residentBytes", 1 / _MIB, 0),
    ("file\nMiB", "fileBytes", 1 / _MIB, 0),
    ("prompt\nms/tok", "promptMsPerToken", 1, 1),
    ("write\nms/tok", "msPerToken", 1, 1),
    ("load\nms", "loadMs", 1, 0),
    ("unpark\nms", "unparkMs", 1, 0),
    ("answers", "answers", 1, 0),
    ("next\n%", "probability", 100, 0),
)


def server_view(status: Mapping[str, Any]) -> RenderableType:
    """One server: its memory, its experts, and what they did last."""
    lines = [Text.assemble((f"{name}: ", "bold"), told) for name, told in _told(status) if told]
    return Group(_head(status), _experts(status), *lines, Text())


def _head(status: Mapping[str, Any]) -> RenderableType:
    resident, budget = _number(status.get("residentBytes")) or 0, _number(status.get("budgetBytes")) or 0
    marks = [
        Text(" off ", "reverse") if status.get("enabled") is False else None,
        Text(" memory is tight ", "black on yellow") if status.get("tight") is True else None,
        Text(" on battery ", "black on cyan") if _text(status.get("saving")) in ("save", "off") else None,
    ]
    head = Table.grid(padding=(0, 2))
    who = f"{_text(status.get('client')) or 'a client without a name'}, server {_text(status.get('pid'))}"
    bar = ProgressBar(total=max(budget, 1), completed=min(resident, max(budget, 1)), width=_BAR_CHARS)
    memory = f"{resident / _MIB:,.0f} of {budget / _MIB:,.0f} MiB"
    head.add_row(Text(who, "bold"), bar, memory, *(mark for mark in marks if mark is not None))
    return head


def _experts(status: Mapping[str, Any]) -> RenderableType:
    rows = _rows(status)
    if not rows:
        return Text("No expert was asked for yet.", "dim")
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("state", "expert"):
        table.add_column(title, no_wrap=True)
    table.add_column("languages")
    for title, *_ in _FIGURES:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        state = _text(row.get("state"))
        table.add_row(
            Text(state, _STYLES.get(state, "")),
            Text(_text(row.get("id")) + (" (pinned)" if row.get("pinned") is True else "")),
            Text(", ".join("any" if name == "*" else name for name in _texts(row.get("languages")))),
            *(_figure(row.get(field), factor, decimals) for _, field, factor, decimals in _FIGURES),
        )
    return table


def _rows(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The experts, those that are in memory first."""
    return sorted(_objects(status.get("experts")), key=lambda row: _ORDER.get(_text(row.get("state")), len(_ORDER)))


def _told(status: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # A reason is a sentence: in the table it would take the room of the figures.
    for row in _rows(status):
        yield _text(row.get("id")), _text(row.get("reason")) or _text(row.get("wishedBecause"))
    focused, last = _object(status.get("focused")), _object(status.get("last"))
    yield "focused", _focused(focused)
    remote = _object(status.get("remote"))
    told = (_text(remote.get("state")), _text(remote.get("reason")), _text(remote.get("says")))
    yield _text(remote.get("id")) or "remote", ", ".join(part for part in told if part) if told[-1] else ""
    took = _number(last.get("totalMs"))
    tokens = _number(last.get("decodedTokens"))
    answered: tuple[str, ...] = (
        _text(last.get("expert")),
        f"{took:,.0f} ms" if took is not None else "",
        f"{tokens:.0f} tokens decoded" if tokens is not None else "",
    )
    if last.get("reused") is True:
        answered = (answered[0], "with what was left of its suggestion before")
    yield "answered last", ", ".join(part for part in answered if part)
    yield "silences", _silences(status)
    yield "next", ", ".join(_next(_objects(status.get("next"))))
    mode = _text(_object(status.get("combine")).get("mode"))
    yield "combine", "" if mode == "off" else mode
    yield "problems", "; ".join(_texts(status.get("problems")))


def _focused(focused: Mapping[str, Any]) -> str:
    excluded = _text(focused.get("excluded"))
    if not focused or excluded:
        return excluded and f"no completion: {excluded}"
    experts = [f"{_text(one.get('id'))} ({_text(one.get('reason'))})" for one in _objects(focused.get("experts"))]
    return f"{_text(focused.get('language')) or 'no language'}: {', '.join(experts) or 'no expert'}"


def _silences(status: Mapping[str, Any]) -> str:
    counts = {_text(reason): _number(count) or 0 for reason, count in _object(status.get("silences")).items()}
    most = sorted(counts.items(), key=lambda pair: -pair[1])[:_MOST_SILENCES]
    text = ", ".join(f"{reason} {count:,.0f}" for reason, count in most)
    last = _object(status.get("lastSilence"))
    told = ", ".join(part for part in (_text(last.get("reason")), _text(last.get("detail"))) if part)
    return f"{text} (last: {told})" if text and told else text


def _next(expected: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in expected[:_MOST_SILENCES]:
        probability = _number(one.get("probability"))
        if probability is not None:
            expert = _text(one.get("expert"))
            yield f"{_text(one.get('language'))} {probability:.0%}" + (f" ({expert})" if expert else "")


def _figure(value: object, factor: float, decimals: int) -> Text:
    number = _number(value)
    return Text("" if not number else f"{number * factor:,.{decimals}f}")


def _number(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
    return float(value) if usable else None  # type: ignore[arg-type]


def _text(value: object) -> str:
    """One line without control characters: it goes to a terminal."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = "".join(char if char.isprintable() else " " for char in str(value)[: _TEXT_CHARS + 1])
    return text if len(text) <= _TEXT_CHARS else text[: _TEXT_CHARS - 1] + "…"


def _texts(value: object) -> list[str]:
    return [_text(one) for one in value] if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
