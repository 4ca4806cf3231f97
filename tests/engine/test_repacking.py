"""What was measured about repacked weights is obeyed for that model, build and CPU, and for no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from lsp_experts.engine import repacking
from lsp_experts.engine.repacking import RepackVerdict, remember_repacking, repacking_pays
from lsp_experts.paths import Paths

ONE, OTHER = "1" * 64, "2" * 64


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


@pytest.mark.parametrize("verdict", get_args(RepackVerdict))
def test_only_what_pays_is_used(paths: Paths, verdict: RepackVerdict) -> None:
    assert not repacking_pays(paths, ONE)
    remember_repacking(paths, ONE, verdict)
    assert repacking_pays(paths, ONE) is (verdict == "pays")
    assert not repacking_pays(paths, OTHER)


def test_a_newer_verdict_counts_and_another_build_has_its_own(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_repacking(paths, ONE, "pays")
    remember_repacking(paths, OTHER, "crashes")
    assert repacking_pays(paths, ONE)
    monkeypatch.setattr(repacking, "library_and_cpu", lambda: "another build")
    assert not repacking_pays(paths, ONE)
    remember_repacking(paths, ONE, "does not pay")
    monkeypatch.undo()
    assert repacking_pays(paths, ONE)
    remember_repacking(paths, ONE, "does not pay")
    assert not repacking_pays(paths, ONE)


def test_builds_of_long_ago_are_forgotten(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        monkeypatch.setattr(repacking, "library_and_cpu", lambda number=number: f"build {number}")
        remember_repacking(paths, ONE, "pays")
    assert list(json.loads((paths.state / "repack.json").read_bytes())["verdicts"])[-1] == "build 39"
    assert len(json.loads((paths.state / "repack.json").read_bytes())["verdicts"]) == 16


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"version": 2}', b'{"version": 1, "verdicts": [1]}', b"[" * 100_000, b"\xff"],
)
def test_a_damaged_file_is_no_verdict(paths: Paths, content: bytes) -> None:
    paths.state.mkdir()
    (paths.state / "repack.json").write_bytes(content)
    assert not repacking_pays(paths, ONE)
    remember_repacking(paths, ONE, "pays")
    assert repacking_pays(paths, ONE)


def test_an_unwritable_folder_costs_only_the_memory(paths: Paths) -> None:
    paths.state.write_bytes(b"a file where the folder should be")
    remember_repacking(paths, ONE, "pays")
    assert not repacking_pays(paths, ONE)
