"""`eval` and `recommend` on tiny models: all of it once, and what cannot be done."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from installed_tinies import install
from made_repository import commit, git

from lsp_experts.cli.main import main
from lsp_experts.lab.evaluation.case_outcome import Asker
from lsp_experts.lab.evaluation.records import Outcome
from lsp_experts.lab.replay_cases import Case
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.overlay import set_measured, set_preferred
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain

CODE = """\
def area_{n}(width, height, least):
    value = width * height + {n}
    if value < least and not width == height:
        return least
    return value


"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(10):
        (folder / f"area_{number}.py").write_text("".join(CODE.format(n=number + n) for n in range(3)))
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}, "py-tiny": {"languages": ["python"]}})
    return folder


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["eval", *arguments, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_the_whole_evaluation(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    report = evaluated(capsys, str(workspace), "--limit", "12", "--html", str(page))
    assert (report["done"], report["drawn"], report["since"]) == (12, 12, "")
    part = report["languages"]["python"]
    assert list(part["experts"]) == ["py-tiny", "any-tiny"]
    assert part["cases"] == 12
    for row in part["experts"].values():
        assert row["exact"]["low"] <= row["exact"]["value"] <= row["exact"]["high"]
        assert row["bits_per_byte"]["value"] > 0 and row["total_ms"]["value"] > 0
        assert row["file_bytes"] > 0 and row["resident_bytes"] > 0
    assert len(part["verdicts"]) == 1 and "`any-tiny` cannot be told from `py-tiny`" in part["verdicts"][0]

    paths = default_paths()
    assert report["written"] == str(paths.overlay)
    catalogue = load_catalogue(paths)
    assert catalogue.problems == ()
    measured = catalogue.measured["python"]
    assert {row.against for row in measured.values()} == {"py-tiny"}
    assert measured["any-tiny"].sha256 == Store(paths.store).find("any-tiny").sha256
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", measured["any-tiny"].date)
    assert catalogue.preferred == {}, "nothing could be told"
    head, _, body = re.split("</?style>", page.read_text("utf-8"))
    said = head + body + json.dumps(report) + paths.overlay.read_text("utf-8")
    for word in ("area_", "height", "least:"):
        assert word not in said
    assert str(workspace) not in page.read_text("utf-8")


def test_a_second_run_asks_nothing_again(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = evaluated(capsys, str(workspace), "--limit", "4")
    again = evaluated(capsys, str(workspace), "--limit", "4")
    assert again["languages"] == first["languages"], "the very times were kept"
    fresh = evaluated(capsys, str(workspace), "--limit", "4", "--fresh")
    assert fresh["languages"] != first["languages"]


def test_a_dry_run_leaves_the_registry_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = default_paths().overlay.read_bytes()
    assert main(["eval", str(workspace), "--limit", "4", "--experts", "any-tiny, py-tiny", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert default_paths().overlay.read_bytes() == before
    assert out.index("any-tiny") < out.index("py-tiny") and "Written" not in out
    assert "Python: stay with `py-tiny`" in out


def test_only_what_was_written_later(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(workspace, "init", "-q", "-b", "main")
    since = commit(workspace, "Begin", {})
    commit(workspace, "One more", {"area_11.py": CODE.format(n=11)})
    later = evaluated(capsys, str(workspace), "--limit", "6", "--since", "HEAD~1", "--dry-run")
    assert (later["since"], later["languages"]["python"]["files"]) == (since, 1)
    whole = evaluated(capsys, str(workspace), "--limit", "6", "--since", "", "--dry-run")
    assert whole["since"] == "" and whole["languages"]["python"]["files"] > 1


def test_recommend_moves_routing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = default_paths()
    assert main(["recommend"]) == 0
    assert "eval DIR" in capsys.readouterr().out
    evaluated(capsys, str(workspace), "--limit", "4")
    measured = dict(load_catalogue(paths).measured["python"])
    installed = {expert: one.sha256 for expert, one in Store(paths.store).installed().items()}

    def first() -> tuple[str, str]:
        candidate = chain(load_catalogue(paths), "python", installed).candidates[0]
        return candidate.expert, candidate.reason

    better = replace(measured["any-tiny"], exact=9.5, low=4.25, high=14.0, cases=240, files=40)
    set_measured(paths.overlay, "python", {"any-tiny": better})
    assert main(["recommend"]) == 0
    assert "start with `any-tiny` and not with `py-tiny`" in (out := capsys.readouterr().out)
    assert "--apply" in out and first() == ("py-tiny", "expert")
    assert main(["recommend", "--apply", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["preferred"] == {"python": "any-tiny"} and said["recommendations"][0]["changes"]
    assert first() == ("any-tiny", "measured")
    assert main(["experts", "--installed"]) == 0
    assert "any-tiny is asked first in python" in capsys.readouterr().out
    assert main(["recommend", "--reset"]) == 0
    assert first() == ("py-tiny", "expert")

    set_measured(paths.overlay, "python", {"any-tiny": replace(better, sha256="b" * 64)})
    capsys.readouterr()
    assert main(["recommend"]) == 0
    assert "start with" not in capsys.readouterr().out, "another file was measured"


def test_a_preference_changes_no_default_field(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_preferred(default_paths().overlay, {"python": "any-tiny"})
    report = evaluated(capsys, str(workspace), "--limit", "2", "--dry-run")
    assert list(report["languages"]["python"]["experts"]) == ["py-tiny", "any-tiny"]


def test_stopped_half_way(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before, whole = default_paths().overlay.read_bytes(), Asker.outcomes
    asked: list[Case] = []

    async def counted(self: Asker, cases: Sequence[Case]) -> tuple[Outcome, ...]:
        found = await whole(self, cases)
        asked.extend(cases)
        return found

    async def interrupted(self: Asker, cases: Sequence[Case]) -> tuple[Outcome, ...]:
        if asked:
            signal.raise_signal(signal.SIGINT)
        return await counted(self, cases)

    monkeypatch.setattr(Asker, "outcomes", interrupted)
    assert main(["eval", str(workspace), "--limit", "8"]) == 130
    assert "goes on where it was" in capsys.readouterr().err
    assert default_paths().overlay.read_bytes() == before
    assert not psutil.Process().children(recursive=True)

    kept = len(asked)
    assert 0 < kept < 16
    monkeypatch.setattr(Asker, "outcomes", counted)
    assert evaluated(capsys, str(workspace), "--limit", "8")["done"] == 8
    assert len(asked) == 16, "what was kept is not asked again"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone"], "gone is not a folder"),
        (["project", "--limit", "0"], "nothing to measure"),
        (["project", "--minutes", "0"], "nothing to measure"),
        (["project", "--minutes", "nan"], "nothing to measure"),
        (["project", "--languages", "go"], "has no lines of code of go"),
        (["empty"], "has no lines of code"),
        (["binary"], "has no lines of code"),
        (["project", "--experts", "nobody"], "no expert 'nobody'"),
        (["project", "--experts", "go-carved"], "go-carved is not installed"),
        (["project", "--since", "HEAD"], "git"),
        (["rust"], "no code that an installed expert serves"),
        (["project", "--html", "empty"], "empty is a folder"),
        (["project", "--limit", "1", "--dry-run", "--html", "binary/photo.py/report.html"], "photo.py"),
    ],
)
def test_what_cannot_be_done(
    workspace: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(workspace.parent)
    for name in ("empty", "binary", "rust"):
        Path(name).mkdir()
    Path("binary/photo.py").write_bytes(bytes(range(256)) * 40)
    Path("rust/main.rs").write_text("".join(f"fn area_{n}(width: u32) -> u32 {{ width * {n} }}\n" for n in range(40)))
    Store(default_paths().store).remove("any-tiny")
    assert main(["eval", *arguments]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", [["eval", "project", "--limit", "1"], ["recommend"], ["recommend", "--reset"]])
def test_a_broken_overlay_is_named_before_anything_is_measured(
    workspace: Path, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.parent)
    overlay = default_paths().overlay
    overlay.write_text('{"version": 1, "experts": [], "measured": []}')
    assert main(command) == 1
    said = capsys.readouterr()
    assert str(overlay) in said.err and "$.measured" in said.err and not said.out
    assert not (default_paths().state / "evaluations").exists()


def test_a_home_that_looks_like_markup(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "[" / "b]"
    monkeypatch.setenv("LSP_EXPERTS_HOME", str(home))
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    assert main(["eval", str(workspace), "--limit", "1"]) == 0
    assert f"Written to {default_paths().overlay}" in capsys.readouterr().out
