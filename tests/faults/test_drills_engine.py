"""The drills of the engine and of model files, at a small scale: every row meets its target."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.lab.bench_faults import drill_of
from lsp_experts.lab.faults.crafted_gguf import crafted, truncated
from lsp_experts.lab.faults.gguf_mutations import mutated
from lsp_experts.lab.faults.stand import Stand

ON_A_QUIET_MACHINE = {"kill -9 to that answer", "kill -9 to the next suggestion"}  # published, not asserted
HANG_S = 30.0  # where the drill of orphans gives up


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "scale", "rows"),
    [("engine_kills", 0.1, 3), ("bad_models", 0.1, 3), ("swaps", 0.03, 1)],
)
async def test_every_row_meets_its_target(tmp_path: Path, name: str, scale: float, rows: int) -> None:
    steps: list[str] = []
    found = await drill_of(name)(Stand(tmp_path, scale=scale), lambda what, _done, _of: steps.append(what))
    assert [row for row in found if not row.ok and row.figure not in ON_A_QUIET_MACHINE] == []
    assert (len(found), bool(steps)) == (rows, True)


@pytest.mark.asyncio
async def test_whoever_is_killed_nobody_is_left(tmp_path: Path) -> None:
    rows = await drill_of("orphans")(Stand(tmp_path, scale=0.05), lambda _what, _done, _of: None)
    slowest_s = {row.figure: float(row.measured.split()[-2]) for row in rows}
    assert len(rows) == 4
    assert {figure for figure, seconds in slowest_s.items() if seconds >= HANG_S} == set()


def test_as_many_bad_files_as_the_list_names() -> None:
    good = bytes(range(256)) * 64
    files = [*crafted().values(), *truncated(good).values(), *(data for _, data in mutated(good, 4096, 7, 500))]
    assert (len(crafted()), len(truncated(good)), len(files)) == (38, 4, 542)
    assert len(set(files)) > 530 and good not in files
    assert all(data[:4] == b"GGUF" for name, data in crafted().items() if name != "another magic")


def test_the_same_seed_makes_the_same_files() -> None:
    good = bytes(range(256)) * 64
    first, again, other = (dict(mutated(good, 4096, seed, 50)) for seed in (7, 7, 8))
    assert first == again and first != other
