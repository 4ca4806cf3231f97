from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.model import Model

MODEL = Model(Path("store/m"), 100, n_ctx=2048)
SEVENTY = Figures(resident_bytes=70, load_ms=5.0)


def test_the_largest_size_and_the_newest_time_count() -> None:
    sizes = MeasuredSizes()
    assert sizes.recall(MODEL) == Figures()
    sizes.remember(MODEL, SEVENTY)
    sizes.remember(MODEL, Figures(resident_bytes=60, parked_bytes=9, load_ms=4.0))
    sizes.remember(MODEL, Figures(unpark_ms=2.0))
    assert sizes.recall(MODEL) == Figures(resident_bytes=70, parked_bytes=9, load_ms=4.0, unpark_ms=2.0)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(replace(MODEL, pinned=True, n_threads=8), True, id="what changes no size"),
        pytest.param(replace(MODEL, path=Path("elsewhere/m")), True, id="the store moved"),
        pytest.param(replace(MODEL, path=Path("store/n")), False, id="file"),
        pytest.param(replace(MODEL, file_bytes=101), False, id="file size"),
        pytest.param(replace(MODEL, n_ctx=4096), False, id="context"),
        pytest.param(replace(MODEL, use_extra_bufts=True), False, id="extra buffers"),
        pytest.param(replace(MODEL, adapter=Path("a")), False, id="adapter"),
        pytest.param(replace(MODEL, n_gpu_layers=4), False, id="layers on the GPU"),
    ],
)
def test_figures_belong_to_a_file_and_its_settings(other: Model, same: bool) -> None:
    sizes = MeasuredSizes()
    sizes.remember(MODEL, SEVENTY)
    assert sizes.recall(other) == (SEVENTY if same else Figures())


def test_the_next_start_knows_them(tmp_path: Path) -> None:
    file = tmp_path / "new" / "sizes.json"
    sizes = MeasuredSizes(file)
    assert not sizes.unsaved
    sizes.remember(MODEL, SEVENTY)
    assert sizes.unsaved
    sizes.save()
    assert not sizes.unsaved and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["sizes.json"]
    again = MeasuredSizes(file)
    assert again.recall(MODEL) == SEVENTY and not again.unsaved


def test_the_file_stays_small(tmp_path: Path) -> None:
    sizes = MeasuredSizes(tmp_path / "sizes.json")
    for number in range(300):
        sizes.remember(replace(MODEL, file_bytes=number), SEVENTY)
    sizes.save()
    again = MeasuredSizes(tmp_path / "sizes.json")
    assert again.recall(replace(MODEL, file_bytes=0)) == Figures()
    assert again.recall(replace(MODEL, file_bytes=299)) == SEVENTY


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "\xff",
        '{"version": 2, "experts": {}}',
        '{"version": 1, "experts": []}',
        '{"version": 1, "experts": {"k": 3}}',
        '{"version": 1, "experts": {"k": {"resident_bytes": "9"}}}',
        '{"version": 1, "experts": {"k": {"resident_bytes": -9}}}',
        '{"version": 1, "experts": {"k": {"load_ms": NaN}}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_ignored(content: str, tmp_path: Path) -> None:
    file = tmp_path / "sizes.json"
    file.write_text(content, "latin-1")
    sizes = MeasuredSizes(file)
    sizes.remember(MODEL, SEVENTY)
    sizes.save()
    assert json.loads(file.read_text())["version"] == 1
    assert MeasuredSizes(file).recall(MODEL) == SEVENTY


def test_a_place_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sizes = MeasuredSizes(tmp_path / "file" / "sizes.json")
    sizes.remember(MODEL, SEVENTY)
    sizes.save()
    assert sizes.recall(MODEL) == SEVENTY and not sizes.unsaved
