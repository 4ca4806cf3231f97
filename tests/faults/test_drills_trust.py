"""The drills of trust, at a small scale: every row meets its target."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lsp_experts.lab.bench_faults import drill_of
from lsp_experts.lab.faults.stand import Stand


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "rows"), [("canaries", 5), ("sockets", 2), ("isolation", 5)])
async def test_every_row_meets_its_target(tmp_path: Path, name: str, rows: int) -> None:
    steps: list[str] = []
    found = await drill_of(name)(Stand(tmp_path, scale=0.02), lambda what, _done, _of: steps.append(what))
    assert [row for row in found if not row.ok] == []
    assert len(found) == rows
    assert steps
