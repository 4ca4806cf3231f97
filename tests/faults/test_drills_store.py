"""The drills of downloads and of the registry, at a small scale: every row meets its target."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.lab.bench_faults import drill_of
from lsp_experts.lab.faults.registry_mutations import SMALL, TEXT, mutations
from lsp_experts.lab.faults.stand import Stand
from lsp_experts.registry.catalogue import load_registry


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "scale"), [("downloads", 0.05), ("registry_files", 0.1)])
async def test_every_row_meets_its_target(tmp_path: Path, name: str, scale: float) -> None:
    steps: list[str] = []
    rows = await drill_of(name)(Stand(tmp_path, scale=scale), lambda what, _done, _of: steps.append(what))
    assert [row for row in rows if not row.ok] == []
    assert len(rows) == {"downloads": 3, "registry_files": 2}[name]
    assert steps


def test_the_mutations_are_as_many_as_asked_and_spoil_a_good_registry(tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    file.write_bytes(TEXT)
    assert list(load_registry(file).entries) == [expert["id"] for expert in SMALL["experts"]]
    for count in (1, 100, 1000):
        assert len({name for name, _ in mutations(7, count)}) == count
