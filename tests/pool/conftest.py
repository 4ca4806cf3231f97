from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pool.bench import Bench, small_figures, soon

from lsp_experts.pool.measured import Figures
from lsp_experts.pool.model import Model


@pytest_asyncio.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    # A prediction adds buffers of many MiB; here sizes are a few bytes, so that sums can be read.
    bench = Bench(tmp_path)

    def predict(model: Model, shape: Any) -> Figures:
        return small_figures(bench.predicted.get(model.path.stem, model.file_bytes), bench.engine.parked_share)

    monkeypatch.setattr("lsp_experts.pool.ledger.predict", predict)
    yield bench
    for gate in bench.engine.gates.values():
        gate.set()
    await soon(bench.pool.close())
