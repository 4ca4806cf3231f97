"""The drills of the protocol, at a small scale: every row meets its target."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from lsp_experts.lab.bench_faults import drill_of
from lsp_experts.lab.faults.mutated_frames import mutated_frames
from lsp_experts.lab.faults.stand import Stand

# Times say what the machine does beside: they are published, not asserted.
IN_MILLISECONDS = ("next valid request", "cancel to ", "refusals while", "300 edits", " with a busy engine")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "scale", "rows"),
    [("frames", 0.01, 4), ("accounting", 0.04, 2), ("cancelling", 0.02, 3), ("busy_engine", 0.005, 3),
     ("leaving", 0.1, 4)],
)  # fmt: skip
async def test_every_row_meets_its_target(tmp_path: Path, name: str, scale: float, rows: int) -> None:
    steps: list[str] = []
    found = await drill_of(name)(Stand(tmp_path, scale=scale), lambda what, _done, _of: steps.append(what))
    timed = [row for row in found if any(words in row.figure for words in IN_MILLISECONDS)]
    assert [row for row in found if not row.ok and row not in timed] == []
    assert (len(found), bool(steps)) == (rows, True)
    assert "another exit code" not in "".join(row.measured for row in found)


def test_mutated_frames_are_as_many_as_asked_the_same_each_time_and_of_all_kinds() -> None:
    frames = list(mutated_frames(7, 1000))
    assert frames[:50] == list(islice(mutated_frames(7, 1000), 50))
    assert frames[:50] != list(mutated_frames(8, 50))
    assert len(frames) == 1000
    assert {frame.name for frame in frames if not frame.sound} == {"bits of the header", "wrong length", "cut off"}
    assert len({frame.name for frame in frames}) == 11
    assert len({frame.writes for frame in frames}) > 700
