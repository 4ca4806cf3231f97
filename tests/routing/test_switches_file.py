"""Switches on disk: they come back, they name no path, and no file stops the server."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from lsp_experts.paths import default_paths
from lsp_experts.routing.switches import MAX_CONTEXTS, MAX_FOLLOWERS, MAX_LANGUAGES, Switches
from lsp_experts.routing.switches_file import MAX_BYTES, forget, load, save, switches_file

ROOT = "file:///home/someone/secret-project"


@pytest.fixture
def file() -> Path:
    return switches_file(default_paths(), ROOT)


def learned() -> Switches:
    switches = Switches()
    for language in ("go", "html", "go", "sql", "go", "html"):
        switches.observe(language)
    return switches


def test_they_come_back(file: Path) -> None:
    save(file, learned())
    expected = learned().counts
    found = load(file).counts
    assert list(found) == list(expected)
    assert all(found[context] == pytest.approx(expected[context], abs=0.001) for context in expected)
    save(file, Switches())
    assert load(file).counts == {}


def test_one_file_for_a_workspace() -> None:
    paths = default_paths()
    assert switches_file(paths, ROOT) == switches_file(paths, ROOT + "/")
    assert switches_file(paths, ROOT) != switches_file(paths, ROOT + "2")
    assert len(switches_file(paths, "").stem) == 16
    assert switches_file(paths, "file:///\udcff").parent == paths.state / "switches"


def test_only_its_user_reads_it_and_it_names_nothing(file: Path) -> None:
    save(file, learned())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == [file.name]
    assert "secret" not in file.name + file.read_text()


def test_the_most_that_can_be_learned_can_be_saved(file: Path) -> None:
    names = [f"{number:02}".ljust(32, "x") for number in range(MAX_LANGUAGES)]
    followers = dict.fromkeys(names[-MAX_FOLLOWERS:], 1.0625)
    contexts = [(first, second) for first in names[:16] for second in names[16:24]]
    full = Switches(dict.fromkeys(contexts, followers))
    assert len(full.counts) == MAX_CONTEXTS
    save(file, full)
    assert file.stat().st_size <= MAX_BYTES
    assert load(file).counts.keys() == full.counts.keys()


def content(after: object = ("go",), then: object = None, version: object = 1) -> str:
    return json.dumps({"version": version, "switches": [{"after": after, "next": then or {"html": 1}}]})


def test_a_good_one_for_comparison(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(content())
    assert load(file).counts == {("go",): {"html": 1.0}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(content()[:-3], id="cut short"),
        pytest.param("\udcff", id="no text"),
        pytest.param("[" * 50_000, id="deep"),
        pytest.param("null", id="nothing"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="no version"),
        pytest.param(content(version=2), id="another version"),
        pytest.param(content() + " " * MAX_BYTES, id="huge"),
        pytest.param('{"version": 1}', id="no switches"),
        pytest.param('{"version": 1, "switches": 7}', id="switches of another type"),
        pytest.param('{"version": 1, "switches": ["go"]}', id="an entry of another type"),
        pytest.param(content(after=7), id="a context of another type"),
        pytest.param(content(after=[]), id="no context"),
        pytest.param(content(after=["a", "b", "c"]), id="a longer context"),
        pytest.param(content(after=["go", "go"]), id="the same language twice"),
        pytest.param(content(after=[7]), id="a number for a language"),
        pytest.param(content(after=["../x"]), id="a path for a language"),
        pytest.param(content(then=["html"]), id="followers of another type"),
        pytest.param(content(then={"/etc": 1}), id="a path that follows"),
        pytest.param(content(then={"go": 1}), id="it follows itself"),
        pytest.param(content(then={"html": "1"}), id="a text for a count"),
        pytest.param(content(then={"html": True}), id="a truth for a count"),
        pytest.param(content(then={"html": -1}), id="below nothing"),
        pytest.param(content(then={"html": 1e9}), id="never to be unlearned"),
        pytest.param(content(then={"html": float("nan")}), id="not a number"),
        pytest.param(content().replace("1}}", "1" + "0" * 5000 + "}}"), id="thousands of digits"),
    ],
)
def test_a_broken_file_is_an_empty_model(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert load(file).counts == {}
    save(file, learned())
    assert load(file).counts


@pytest.mark.parametrize("what", ["absent", "fifo", "folder"])
def test_no_file_is_an_empty_model(file: Path, what: str) -> None:
    file.parent.mkdir(parents=True)
    if what == "fifo":
        os.mkfifo(file)
    elif what == "folder":
        file.mkdir()
    assert load(file).counts == {}


def test_a_save_that_fails_leaves_the_old_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(file, learned())

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="No space"):
            save(file, Switches())
    assert load(file).counts
    assert os.listdir(file.parent) == [file.name]


def test_forgetting_deletes_all_of_ours_and_nothing_else(file: Path) -> None:
    assert forget(default_paths()) == 0
    save(file, learned())
    save(switches_file(default_paths(), "file:///other"), learned())
    (file.parent / "notes.txt").write_text("mine")
    (file.parent / f".{file.name}.x1.new").write_text("cut short")
    assert forget(default_paths()) == 2
    assert os.listdir(file.parent) == ["notes.txt"]
