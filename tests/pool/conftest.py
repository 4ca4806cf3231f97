from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pool.bench import Bench, soon

from lsp_experts.pool.model import Model


@pytest_asyncio.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    # A prediction adds buffers of many MiB; here sizes are a few bytes, so that sums can be read.
    bench = Bench(tmp_path)

    def predict(model: Model, shape: Any) -> int:
        return bench.predicted.get(model.path.stem, model.file_bytes)

    monkeypatch.setattr("lsp_experts.pool.pool.predict_resident_bytes", predict)
    yield bench
    for gate in bench.engine.gates.values():
        gate.set()
    await soon(bench.pool.close())
