"""`lsp-experts bench faults`: what goes wrong on users' machines, done on purpose, and what becomes of it.

Each drill is a file of faults/ with `async def drill(stand, on_step) -> tuple[Row, ...]`. One that fails itself is a
row that misses its target, and the others go on.
"""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand

Drill = Callable[[Stand, OnStep], Awaitable[tuple[Row, ...]]]

DRILLS = (
    "frames",
    "accounting",
    "cancelling",
    "busy_engine",
    "leaving",
    "engine_kills",
    "orphans",
    "bad_models",
    "swaps",
    "hogs",
    "downloads",
    "registry_files",
    "canaries",
    "sockets",
    "isolation",
    "remote",
    "soak",
)


def drill_of(name: str) -> Drill:
    """The drill of that name."""
    found: Drill = import_module(f"lsp_experts.lab.faults.{name}").drill
    return found


async def bench_faults(
    names: Sequence[str], *, seed: int, scale: float, model: Path | None, on_step: OnStep
) -> tuple[Row, ...]:
    """The rows of the named drills, of all if none is named. UsageError for a name that is none."""
    if unknown := [name for name in names if name not in DRILLS]:
        raise UsageError(f"There is no drill {unknown[0]!r:.40}.", remedy=f"There are {', '.join(DRILLS)}.")
    rows: list[Row] = []
    for name in names or DRILLS:
        with tempfile.TemporaryDirectory(prefix=f"drill-{name}-", ignore_cleanup_errors=True) as folder:
            on_step(name, 0, 1)
            try:
                rows += await drill_of(name)(Stand(Path(folder), seed, scale, model), on_step)
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(last.filename).name}:{last.lineno}"
                rows.append(Row(name, "the drill itself", "runs", f"{type(error).__name__}: {error} ({where})", False))
    return tuple(rows)
