"""One value of the user's overlay registry is changed; all else in it stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.errors import RegistryError, StoreError
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.entry import Measured
from lsp_experts.registry.overlay import add_entry, set_measured, set_preferred, set_value

MINE = {
    "id": "mine",
    "kind": "model",
    "languages": ["zig"],
    "licence": "MIT",
    "note": "größer",
    "sources": [{"type": "file", "path": "/models/mine.gguf"}],
    "confidence": 0.5,
}


ROW = Measured(
    -0.4, -1.5, 0.71234567, -0.03, -0.05, -0.01, 1.00001, 120, 30, 341_000_000, "a" * 64, "2026-01-31", "base"
)


def paths_in(folder: Path) -> Paths:
    return Paths(folder, folder / "config", folder)


def test_a_file_is_made(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_value(paths.overlay, "confidence", "go-carved", 0.123456)
    assert json.loads(paths.overlay.read_text()) == {"version": 1, "experts": [], "confidence": {"go-carved": 0.1235}}
    catalogue = load_catalogue(paths)
    assert catalogue.problems == ()
    assert catalogue.get("go-carved").confidence == 0.1235
    assert catalogue.get("html-carved").confidence is None


def test_all_else_stays(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    before = {
        "$schema": "x",
        "version": 1,
        "related": {"go": ["c"]},
        "experts": [MINE],
        "confidence": {"a": 0.1, "b": 1},
    }
    paths.config.mkdir()
    paths.overlay.write_text(json.dumps(before), "utf-8")
    set_value(paths.overlay, "confidence", "a", 0.9)
    set_value(paths.overlay, "confidence", "mine", 0)
    after = json.loads(paths.overlay.read_text("utf-8"))
    assert after == before | {"confidence": {"a": 0.9, "b": 1, "mine": 0}}
    assert list(after) == list(before)
    assert "größer" in paths.overlay.read_text("utf-8")
    assert load_catalogue(paths).get("mine").confidence == 0.0, "it wins over the entry's own"
    assert [path.name for path in paths.config.iterdir()] == [paths.overlay.name]


def test_what_a_review_was_fitted_to_stands_in_a_section_of_its_own(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_value(paths.overlay, "confidence", "go-carved", 0.3)
    set_value(paths.overlay, "review", "go-carved", 4.25)
    set_value(paths.overlay, "review", "not-known", 2)
    catalogue = load_catalogue(paths)
    assert catalogue.problems == ()
    assert (catalogue.get("go-carved").confidence, catalogue.get("go-carved").review) == (0.3, 4.25)
    assert catalogue.get("html-carved").review is None
    assert catalogue.review == {"go-carved": 4.25, "not-known": 2.0}


def test_what_is_nearly_a_whole_number_can_be_read_again(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_value(paths.overlay, "confidence", "go-carved", 0.99999)
    assert load_catalogue(paths).get("go-carved").confidence == 1


def test_what_was_measured(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_measured(paths.overlay, "go", {"go-carved": ROW})
    set_measured(paths.overlay, "html", {"go-carved": replace(ROW, exact=-0.0)})
    catalogue = load_catalogue(paths)
    assert catalogue.problems == ()
    assert catalogue.measured["go"]["go-carved"] == replace(ROW, high=0.7123, bits_per_byte=1)
    assert list(catalogue.measured) == ["go", "html"]


def test_rows_that_compare_stay_together(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_measured(paths.overlay, "go", {"a": ROW, "b": ROW})
    set_measured(paths.overlay, "go", {"b": replace(ROW, cases=7), "c": ROW})
    rows = load_catalogue(paths).measured["go"]
    assert {name: row.cases for name, row in rows.items()} == {"a": 120, "b": 7, "c": 120}
    set_measured(paths.overlay, "go", {"c": replace(ROW, against="other")})
    assert list(load_catalogue(paths).measured["go"]) == ["c"]


def test_what_is_preferred(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    set_preferred(paths.overlay, {"go": "base", "css": "html-carved"})
    set_preferred(paths.overlay, {"go": "go-carved"})
    assert load_catalogue(paths).preferred == {"go": "go-carved", "css": "html-carved"}
    set_preferred(paths.overlay, {"go": "", "html": ""})
    assert load_catalogue(paths).preferred == {"css": "html-carved"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config.mkdir()
    real = tmp_path / "dotfiles.json"
    real.write_text('{"version": 1, "experts": []}')
    paths.overlay.symlink_to(real)
    set_value(paths.overlay, "confidence", "go-carved", 0.2)
    assert paths.overlay.is_symlink()
    assert json.loads(real.read_text())["confidence"] == {"go-carved": 0.2}


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": 1, "experts": [], "confidence": {"a": 2}}'])
def test_what_is_no_registry_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    paths = paths_in(tmp_path)
    paths.config.mkdir()
    paths.overlay.write_text(text)
    with pytest.raises(RegistryError) as caught:
        set_value(paths.overlay, "confidence", "go-carved", 0.2)
    assert str(paths.overlay) in str(caught.value)
    assert paths.overlay.read_text() == text


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    with pytest.raises(StoreError):
        set_value(paths_in(tmp_path).overlay, "confidence", "go-carved", 0.2)


ADAPTER = {
    "id": "zig-adapted",
    "kind": "adapter",
    "languages": ["zig"],
    "licence": "MIT",
    "note": "adapted here",
    "base": "mine",
}


def test_an_entry_is_added_before_the_others_and_replaced_in_its_place(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config.mkdir()
    paths.overlay.write_text(json.dumps({"version": 1, "experts": [MINE], "confidence": {"mine": 0.5}}))
    add_entry(paths.overlay, ADAPTER)
    catalogue = load_catalogue(paths)
    assert catalogue.problems == ()
    assert list(catalogue.entries)[:2] == ["zig-adapted", "mine"]
    assert (catalogue.get("zig-adapted").kind, catalogue.get("mine").confidence) == ("adapter", 0.5)
    add_entry(paths.overlay, {**MINE, "note": "newer"})
    assert [each["id"] for each in json.loads(paths.overlay.read_text())["experts"]] == ["zig-adapted", "mine"]
    assert load_catalogue(paths).get("mine").note == "newer"


def test_an_entry_makes_the_file(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    add_entry(paths.overlay, MINE)
    assert load_catalogue(paths).get("mine").languages == ("zig",)


def test_an_entry_that_may_not_be_is_refused(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    add_entry(paths.overlay, MINE)
    before = paths.overlay.read_text()
    with pytest.raises(RegistryError, match="licence"):
        add_entry(paths.overlay, {key: value for key, value in ADAPTER.items() if key != "licence"})
    assert paths.overlay.read_text() == before
