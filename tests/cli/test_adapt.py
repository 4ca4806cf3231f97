"""`lsp-experts adapt` as a whole, on a tiny base and small repositories: better, not better, stopped, gone on with."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from installed_tinies import install
from made_repository import commit, git

pytest.importorskip("torch", reason="the extra [train] is not installed")

from lsp_experts.cli.main import main
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain

WORDS = ["total", "price", "count", "width", "border", "margin", "number", "amount", "weight", "length"]


def code_of(number: int, words: list[str] = WORDS) -> str:
    """A text that no other is nearly the same as, with much in it that all have."""
    rng = random.Random(number)

    def name() -> str:
        return "_".join(rng.sample(words, 2))

    return "".join(
        f"def {name()}(items, least={rng.randrange(1000)}):\n"
        f"    value = [item.{name()} for item in items if item > {rng.randrange(1000)}]\n"
        f"    return {name()}(value, {rng.randrange(1000)})\n\n\n"
        for _ in range(6)
    )


@pytest.fixture
def base(tmp_path: Path) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})


@pytest.fixture
def repository(tmp_path: Path, base: None) -> Path:
    """Ten commits of four files; the last ones of them judge."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number in range(10):
        commit(folder, "x", {f"part{number}_{each}.py": code_of(10 * number + each) for each in range(4)})
    return folder


LEARN = ("--tokens", "6000", "--learning-rate", "0.02")


def adapt(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    """(exit code, the JSON, what was said besides)."""
    code = main(["adapt", *arguments, "--rank", "4", "--limit", "40", "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out) if printed.out else {}, printed.err


def test_an_adapter_that_learnt_answers_and_a_refresh_goes_on_from_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = default_paths()
    store = Store(paths.store)
    code, result, said = adapt(capsys, str(repository), *LEARN)
    assert code == 0 and result["installed"] and result["better"], said
    assert (result["base"], result["languages"], result["refreshed"]) == ("any-tiny", ["python"], False)
    assert result["trained"]["loss_after"] < result["trained"]["loss_before"]
    (comparison,) = result["comparisons"]
    assert comparison["bits_per_byte"]["high"] < 0
    catalogue = load_catalogue(paths)
    assert not catalogue.problems
    entry = catalogue.get("python-adapted")
    assert (entry.kind, entry.base, entry.languages, entry.licence) == ("adapter", "any-tiny", ("python",), "MIT")
    assert chain(catalogue, "python", store.installed()).candidates[0].expert == "python-adapted"
    first = store.verify("python-adapted")
    assert first.provenance["commit"] == result["commit"]
    assert set(json.loads(paths.overlay.read_text())["measured"]["python"]) == {"any-tiny", "python-adapted"}
    assert not (paths.state / "adapt" / "python-adapted").exists(), "nothing is left to go on with"
    assert "answers with it in python" in said
    assert not psutil.Process().children(recursive=True)

    code, result, said = adapt(capsys, str(repository), "--refresh")
    assert code == 0 and result["nothing_new"] and "has seen all there is" in said

    for number in range(10, 16):
        commit(repository, "x", {f"part{number}_{each}.py": code_of(10 * number + each) for each in range(4)})
    code, result, said = adapt(capsys, str(repository), "--refresh", *LEARN)
    assert code == 0 and result["refreshed"] and result["installed"], said
    assert [each["against"] for each in result["comparisons"]] == ["any-tiny", "python-adapted"]
    second = store.verify("python-adapted")
    assert second.provenance["commit"] == result["commit"] != first.provenance["commit"]
    assert not first.path.exists(), "the older one gave way"
    row = load_catalogue(paths).measured["python"]["python-adapted"]
    assert row.sha256 == second.sha256


def test_what_is_not_better_is_refused_and_changes_nothing(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = default_paths().overlay.read_text()
    kept = tmp_path / "kept.gguf"
    learnt_nothing = ("--tokens", "600", "--learning-rate", "1e-9", "--keep", str(kept))
    code, result, said = adapt(capsys, str(repository), *learnt_nothing)
    assert code == 1 and result, said
    assert (result["installed"], result["better"]) == (False, False)
    assert "not surely better than" in result["reasons"][0] and "python-adapted is not installed" in said
    assert default_paths().overlay.read_text() == before
    assert set(Store(default_paths().store).installed()) == {"any-tiny"}
    assert kept.read_bytes()[:4] == b"GGUF"
    state = default_paths().state / "adapt" / "python-adapted"
    assert (state / "checkpoint.pt").exists()
    for file in state.iterdir():
        assert b"least" not in file.read_bytes(), "no text of the user's code"


def test_stopped_while_it_trains_and_while_it_is_judged(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[int] = []
    stop_at = ["training", "judging"]

    def told(self: object, what: str, share: float) -> None:
        if what.startswith("training"):
            trained.append(round(1000 * share))
        if stop_at and what.startswith(stop_at[0]):
            stop_at.pop(0)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("lsp_experts.cli.progress.ShareProgress.progress", told)

    def once(*arguments: str) -> tuple[int, dict[str, Any], str, list[int]]:
        trained.clear()
        answered = adapt(capsys, str(repository), *arguments)
        assert not psutil.Process().children(recursive=True)
        return *answered, [*trained]

    code, _, said, (first,) = once(*LEARN)
    assert code == 130 and "the same command goes on" in said

    part = default_paths().state / "adapt" / "python-adapted" / "checkpoint.part"
    part.symlink_to("/dev/full")
    code, _, said, _ = once("--tokens", "10", *LEARN[2:])
    assert code == 1 and "no space left" in said

    code, _, said, second = once(*LEARN)
    assert code == 130 and "the same command goes on" in said, "stopped while it was judged"
    assert first < second[0] and second[-1] == 1000, "it went on where it was"

    code, result, said, third = once(*LEARN)
    assert code == 0 and result["installed"], said
    assert third == [], "what was trained was not trained again"
