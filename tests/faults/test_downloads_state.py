"""What else can happen to a store: its folder goes while a pull runs, its names meet a disk that folds case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_experts.errors import ExpertsError, NotInstalled, StoreError
from lsp_experts.lab.faults.bad_answers import CONTENT, SHA256
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a disk with spaces 🐹" / "models")


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    origin = tmp_path / "origin.gguf"
    origin.write_bytes(CONTENT)
    return Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(FileSource(str(origin), SHA256, len(CONTENT)),))


class Losing(Silent):
    """Does something to the store once bytes came."""

    def __init__(self, lose: Callable[[], object]) -> None:
        self._lose = lose

    def advance(self, bytes_done: int) -> None:
        self._lose()


@pytest.mark.parametrize("part", ["", "temporary", "records", "locks"])
def test_a_folder_that_goes_while_a_pull_runs(store: Store, entry: Entry, part: str) -> None:
    """It ends right or with a message; the next pull ends right."""
    pull(entry, store, Silent())

    def lose() -> None:
        shutil.rmtree(store.root / part)

    try:
        pull(entry, store, Losing(lose), again=True)
    except ExpertsError as error:
        assert part in ("", "temporary")
        assert "\n" not in error.message and error.remedy
    assert pull(entry, store, Silent()) == store.verify("go-tiny")


def test_a_store_that_is_gone_holds_nothing_and_comes_again(store: Store, entry: Entry) -> None:
    pull(entry, store, Silent())
    shutil.rmtree(store.root)
    assert store.installed() == {}
    with pytest.raises(NotInstalled):
        store.check("go-tiny")
    pull(entry, store, Silent())
    assert store.verify("go-tiny").sha256 == SHA256


def test_a_file_in_the_place_of_a_folder(store: Store, entry: Entry) -> None:
    for part in ("records", "temporary", "locks"):
        pull(entry, store, Silent())
        shutil.rmtree(store.root / part)
        (store.root / part).write_bytes(b"")
        with pytest.raises(StoreError) as caught:
            pull(entry, store, Silent(), again=True)
        assert caught.value.remedy
        (store.root / part).unlink()
    pull(entry, store, Silent())
    assert store.verify("go-tiny").sha256 == SHA256


def test_no_two_names_differ_by_case_alone(store: Store, entry: Entry) -> None:
    """So a disk that folds case keeps apart what belongs apart."""
    pull(entry, store, Silent())
    names = [path.name for path in store.root.rglob("*")]
    assert len(names) > 4
    assert names == [name.casefold() for name in names]
    for name in ("Go-tiny", "GO-TINY"):
        with pytest.raises(StoreError, match="lower-case"):
            store.find(name)
