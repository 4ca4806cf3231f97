"""Files of the state folder may be anything after a crash or a prank: none of them can hold a start up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.repacking import repacking_pays
from lsp_experts.paths import default_paths
from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.model import Model


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.write_bytes(b"[" * (1 << 21))])
def test_odd_state_files_are_no_memory(home: Path, make: Callable[[Path], object]) -> None:
    paths = default_paths()
    paths.state.mkdir(parents=True)
    for name in ("extra_bufts.json", "repack.json", "sizes.json"):
        make(paths.state / name)
    assert ExtraBuftsMemory.of(paths).refused is False
    assert repacking_pays(paths, "0" * 64) is False
    assert MeasuredSizes(paths.state / "sizes.json").recall(Model(Path("m"), 1)) == Figures()
