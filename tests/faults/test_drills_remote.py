"""The drill of remote experts at a small scale. How long keys take beside a stalled host is for the bench to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.lab.faults.remote import drill
from lsp_experts.lab.faults.stand import Stand

_TIMES = "p95"


@pytest.mark.asyncio
async def test_the_drill(tmp_path: Path) -> None:
    rows = await drill(Stand(tmp_path, scale=0.06), lambda what, done, of: None)
    assert [row for row in rows if not row.ok and _TIMES not in row.figure] == []
    assert sum(_TIMES in row.figure for row in rows) == 1
