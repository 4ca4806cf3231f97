"""What is kept of a training that was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.errors import StoreError
from lsp_experts.lab.training.adapt_state import AdaptState, key_of
from lsp_experts.paths import Paths


@pytest.fixture
def state(tmp_path: Path) -> AdaptState:
    return AdaptState(Paths(tmp_path, tmp_path, tmp_path / "state"), "go-adapted")


def test_the_same_training_goes_on_and_another_begins_anew(state: AdaptState) -> None:
    assert state.split_of("a") is None
    state.begin("a", "c0ffee")
    state.checkpoint.write_bytes(b"weights")
    state.begin("a", "c0ffee")
    assert state.split_of("a") == "c0ffee" and state.checkpoint.exists()
    assert state.split_of("b") is None
    state.begin("b", "")
    assert state.split_of("b") == "" and state.split_of("a") is None and not state.checkpoint.exists()
    state.forget()
    assert not state.folder.exists() and state.split_of("b") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key": "a"}', "\0"])
def test_what_cannot_be_read_is_begun_anew(state: AdaptState, text: str) -> None:
    state.begin("a", "c0ffee")
    (file,) = state.folder.iterdir()
    file.write_text(text)
    assert state.split_of("a") is None
    state.begin("a", "later")
    assert state.split_of("a") == "later"


def test_a_key_tells_trainings_apart_and_names_no_path() -> None:
    keys = {key_of("go-adapted", "/home/me/work"), key_of("go-adapted/home", "/me/work"), key_of("go-adapted", "/x")}
    assert len(keys) == 3 and all("home" not in key for key in keys)


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreError):
        AdaptState(Paths(tmp_path, tmp_path, tmp_path / "state"), "go-adapted").begin("a", "")
