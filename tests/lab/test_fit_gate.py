"""`lsp-experts fit`: which gate a set of answers asks for, which places are asked, and all of it on tiny models."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.lab.gate_cases import gate_cases
from lsp_experts.lab.gate_fit import LEAST_ANSWERS, WRONG_COST_CHARS, Judged, figures, fit
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue

CODE = "".join(f"func add{n}(left int, right int) int {{\n\treturn left + right + {n}\n}}\n\n" for n in range(80))


def answers(*, honest: bool, count: int = 400) -> list[Judged]:
    """Answers of 10 characters: right with the probability that the model says, or by a coin."""
    rng = random.Random(5)
    found = []
    for number in range(count):
        probability = rng.random()
        right = rng.random() < (probability if honest else 0.5)
        found.append(Judged(f"f:{number // 4}", probability, 10, right))
    return found


# -- the gate ---------------------------------------------------------------------------------------------------------


def test_an_honest_model_is_shown_from_where_it_pays() -> None:
    found = fit(answers(honest=True))
    assert found is not None
    pays = WRONG_COST_CHARS / (9 + WRONG_COST_CHARS)  # p x 9 = (1 - p) x cost
    assert found.low <= pays <= found.high
    assert found.gate == pytest.approx(pays, abs=0.12)
    assert 0 <= found.low <= found.gate <= found.high < 1


def test_a_model_whose_probabilities_say_nothing_is_shown_while_it_pays_on_the_whole() -> None:
    found = fit(answers(honest=False))
    assert found is not None
    assert found.gate < 0.2


def test_a_model_that_is_never_right_is_shut_up() -> None:
    wrong = [Judged(each.place, min(each.probability, 0.8), 10, False) for each in answers(honest=True)]
    found = fit(wrong)
    assert found is not None
    assert figures(wrong, found.gate).shown == 0


def test_too_few_answers_fit_nothing() -> None:
    some = answers(honest=True, count=LEAST_ANSWERS)
    assert fit(some) is not None
    assert fit([*some[1:], Judged("f:0", 0.9, 0, True)]) is None, "an empty answer is none"
    assert fit([]) is None


def test_the_same_answers_fit_the_same_gate() -> None:
    assert fit(answers(honest=True)) == fit(answers(honest=True))


def test_figures() -> None:
    judged = [
        Judged("a", 0.9, 11, True),
        Judged("a", 0.5, 21, False),
        Judged("b", 0.5, 5, True),
        Judged("b", 1.0, 0, True),
    ]
    every, some, none = (figures(judged, gate) for gate in (0.0, 0.6, 0.95))
    assert (every.shown, every.precision, every.saved_chars) == (0.75, 0.6667, (10 - WRONG_COST_CHARS + 4) / 4)
    assert (some.shown, some.precision, some.saved_chars) == (0.25, 1.0, 2.5)
    assert (none.shown, none.precision, none.saved_chars) == (0.0, 0.0, 0.0)


# -- the places -------------------------------------------------------------------------------------------------------


def test_a_case_is_a_line_that_ends_at_the_cursor() -> None:
    file = SourceFile(Path("/w/a.go"), "go", CODE)
    cases = gate_cases([file], 40)
    assert len(cases) == 40
    for each in cases:
        case = each.case
        assert each.language == "go"
        assert case.text[case.offset :].startswith("\n")
        assert case.rest.strip() and case.rest == case.rest.rstrip()
        assert case.text[: case.offset] + case.rest + case.text[case.offset :] == CODE
    assert len({each.case.task for each in cases}) == 10, "four cursors in each line"
    assert gate_cases([file], 40) == cases


def test_the_cases_are_spread_over_the_files() -> None:
    files = [SourceFile(Path(f"/w/{name}.go"), "go", CODE) for name in "abcde"]
    cases = gate_cases([*files, SourceFile(Path("/w/empty.go"), "go", "")], 20)
    assert {each.case.task.partition(":")[0] for each in cases} == {str(file.path) for file in files}


@pytest.mark.parametrize(
    "text", ["", "\n\n", "x\n", "é" * 500, "\t\t" + "👩‍💻" * 8 + "\n", "12345678", "a\u2028bcdefghijk\n"]
)
def test_odd_files_are_no_trouble(text: str) -> None:
    for each in gate_cases([SourceFile(Path("/w/a.go"), "go", text)], 9):
        case = each.case
        assert case.text[: case.offset] + case.rest + case.text[case.offset :] == text


# -- the whole --------------------------------------------------------------------------------------------------------


@pytest.fixture
def keep_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    install(default_paths(), tmp_path, {"go-tiny": {"languages": ["go"]}, "any-tiny": {"languages": ["*"]}})
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "a.go").write_text(CODE)
    (folder / ".env").write_text("SECRET=1\n" * 200)
    (folder / "gen.go").write_text("// Code generated by x. DO NOT EDIT.\n" + CODE)
    return folder


@pytest.mark.usefixtures("keep_signals")
def test_it_is_written_and_used(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = default_paths().overlay
    before = json.loads(overlay.read_text())
    assert main(["fit", str(workspace), "--limit", "200", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["written"] == str(overlay)
    row = result["experts"]["go-tiny"]
    assert list(result["experts"]) == ["go-tiny"], "the first to answer in Go"
    assert (row["languages"], row["cases"]) == (["go"], 200)
    assert row["all"]["shown"] >= row["after"]["shown"]
    assert row["after"]["saved_chars"] >= row["all"]["saved_chars"]
    assert json.loads(overlay.read_text()) == before | {"confidence": {"go-tiny": row["gate"]}}
    assert load_catalogue(default_paths()).get("go-tiny").confidence == row["gate"]


@pytest.mark.usefixtures("keep_signals")
def test_too_little_code_changes_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "a.go").write_text(CODE[:400])
    before = default_paths().overlay.read_text()
    assert main(["fit", str(workspace), "--expert", "go-tiny"]) == 1
    assert "go-tiny: nothing fitted. 0 answers, 60 are needed" in capsys.readouterr().out
    assert default_paths().overlay.read_text() == before


@pytest.mark.usefixtures("keep_signals")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere is not a folder"),
        ((".", "--limit", "5"), "--limit 5 says too little"),
        ((".", "--expert", "nonsense"), "There is no expert 'nonsense'"),
        ((".",), "has no code that an installed expert serves"),
    ],
)
def test_what_it_cannot_use(
    arguments: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", *arguments]) == 1
    assert words in capsys.readouterr().err
