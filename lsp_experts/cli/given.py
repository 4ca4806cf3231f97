"""What several commands are given alike: read, and checked before the long steps."""

from __future__ import annotations

from pathlib import Path

from lsp_experts.errors import UsageError


def check_workspace(folder: Path) -> None:
    """UsageError where `folder` is none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", remedy="Give one with code of yours.")


def check_amount(limit: int, minutes: float | None) -> None:
    """UsageError unless there are cases to measure and time to do it; `minutes` None: as long as it takes."""
    if limit < 1 or not (minutes is None or minutes > 0):  # not a number is not above 0 either
        raise UsageError("There is nothing to measure.", remedy="Give at least one case, and more than 0 minutes.")


def names(separated: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(name for part in separated.split(",") if (name := part.strip()))


def numbers(separated: str) -> tuple[int, ...]:
    """Whole numbers from 1 between commas. UsageError for anything else."""
    parts = names(separated)
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise UsageError(f"{separated!r} is no list of numbers.", remedy="Such as 8000,16000.")
    return tuple(map(int, parts))
