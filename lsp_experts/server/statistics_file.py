"""What became of suggestions, on disk: one file per day below `<state>/statistics`, one JSON line per suggestion.

No text, no name and no path of a document, and no time of day. Readable by its user only; several servers append at
once. Broken lines do not count.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from lsp_experts.paths import Paths
from lsp_experts.registry.disk import make_private, open_regular
from lsp_experts.routing.switches import LANGUAGE

MOST_DAYS = 366
MOST_DAY_BYTES = 1 << 20  # some 4,000 suggestions
MOST_BYTES = 16 << 20
_FILE = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")
_TEXT = re.compile(r"[\w.+:@-]{0,80}", re.ASCII)
_MOST = 1e9

Outcome = Literal["whole", "partly", "typed", "none"]


@dataclass(frozen=True)
class Record:
    """One suggestion that was shown. `identity` names the expert's file; `kept_*`: still in the code so many seconds
    after it was accepted, None where nobody could look."""

    language: str
    expert: str
    identity: str
    kind: str  # "inline" or "popup"
    outcome: Outcome
    lines: int
    chars: int
    accepted_chars: int
    latency_ms: int
    reused: bool
    probability: float
    kept_30: bool | None = None
    kept_300: bool | None = None


def statistics_folder(paths: Paths) -> Path:
    """Where the days are."""
    return paths.state / "statistics"


def append(folder: Path, day: str, records: Sequence[Record]) -> None:
    """Add to a day (YYYY-MM-DD) in one write, whoever else writes; a day that is full gets no more. OSError."""
    make_private(folder)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    # The first line break ends what a killed server left unfinished.
    data = "\n" + "".join(json.dumps(asdict(record)) + "\n" for record in records)
    descriptor = os.open(folder / f"{day}.jsonl", flags, 0o600)
    try:
        facts = os.fstat(descriptor)
        if stat.S_ISREG(facts.st_mode) and facts.st_size + len(data) <= MOST_DAY_BYTES:
            os.write(descriptor, data.encode("ascii"))
    finally:
        os.close(descriptor)


def prune(folder: Path) -> None:
    """Delete the oldest days that are too many or too much."""
    left = MOST_BYTES
    for number, file in enumerate(reversed(_days(folder))):
        with suppress(OSError):
            left -= file.lstat().st_size
            if number >= MOST_DAYS or left < 0:
                file.unlink()


def read(folder: Path, since: str = "") -> dict[str, list[Record]]:
    """The days from `since` (YYYY-MM-DD) on, oldest first. Never raises: what is broken is left out."""
    found: dict[str, list[Record]] = {}
    for file in _days(folder):
        if file.stem < since:
            continue
        with suppress(OSError), open_regular(file) as opened:
            records = list(_records(opened.read(MOST_DAY_BYTES)))
            if records:
                found[file.stem] = records
    return found


def forget(folder: Path) -> int:
    """Delete all of it; how many days. OSError."""
    days = _days(folder)
    for file in days:
        file.unlink(missing_ok=True)
    return len(days)


def _days(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _FILE.fullmatch(file.name) and not file.is_dir())
    except OSError:
        return []


def _records(data: bytes) -> Iterator[Record]:
    for line in data.splitlines():
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            yield _record(json.loads(line))


def _record(found: dict[str, Any]) -> Record:
    values = {field.name: found.get(field.name, field.default) for field in fields(Record)}
    whole = ("lines", "chars", "accepted_chars", "latency_ms")
    sound = (
        isinstance(values["language"], str)
        and LANGUAGE.fullmatch(values["language"])
        and all(isinstance(values[name], str) and _TEXT.fullmatch(values[name]) for name in ("expert", "identity"))
        and values["kind"] in ("inline", "popup")
        and values["outcome"] in get_args(Outcome)
        and all(type(values[name]) is int and 0 <= values[name] <= _MOST for name in whole)
        and type(values["probability"]) in (int, float)
        and 0 <= values["probability"] <= 1
        and type(values["reused"]) is bool
        and all(values[name] in (True, False, None) for name in ("kept_30", "kept_300"))
    )
    if not sound:
        raise ValueError("no record")
    return Record(**values)
