"""`bench team`: what is printed, and what is wrong is said before anything starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.cli.main import main
from lsp_experts.lab.bench_team import OnStep, TeamBench, TeamResult
from lsp_experts.lab.faults.row import Row

SERVED = {"users": 65, "p95_ms": 284.5, "busy_share": 0.4}
RESULT = TeamResult(
    rows=(Row("prompt tokens", "anchored / usual", "<= 0.1", "11.0 / 364.5", True),),
    measured=({"prompts": "anchored", "p95_ms": 344.3}, {"prompts": "usual", "p95_ms": None}),
    gpus=({"gpu": "NVIDIA X, 1 GB", "model": "M", "source": "github.com/y", "anchored": SERVED, "usual": SERVED},),
    fleets=({"users": 10_000, "affinity": "on", "hosts": 190},),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TeamBench]:
    """What the bench was told to do; it gives RESULT."""
    found: list[TeamBench] = []

    async def bench(bench: TeamBench, on_step: OnStep) -> TeamResult:
        found.append(bench)
        on_step("a step", 0, 1)
        return RESULT

    monkeypatch.setattr("lsp_experts.lab.bench_team.bench_team", bench)
    return found


def test_tables_and_rows(
    tiny_gguf: Path, asked: list[TeamBench], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["bench", "team", "--model", str(tiny_gguf), "--minutes", "3"]) == 0
    out = capsys.readouterr().out
    for part in ("344.3", "never", "NVIDIA X", "65", "github.com/y", "10,000", "190", "11.0 / 364.5", "met"):
        assert part in out, part
    (bench,) = asked
    assert (bench.run.seconds, bench.run.users, bench.gpu.name) == (90, 4, "NVIDIA RTX 4090, 24 GB")


def test_json_and_given_rates(tiny_gguf: Path, asked: list[TeamBench], capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--prompt-rate", "9000", "--decode-rate", "100@1,1600@32", "--fleets", "50", "--json"]
    assert main(["bench", "team", "--model", str(tiny_gguf), *given]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["rows"][0]["ok"] and printed["gpus"][0]["anchored"]["users"] == 65
    (bench,) = asked
    assert bench.gpu.name == "given rates" and bench.fleets == (50,)
    assert 1 / bench.gpu.rates.step(0, 1) == pytest.approx(100)


def test_a_missed_target_is_the_exit_code(
    tiny_gguf: Path, asked: list[TeamBench], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(globals(), "RESULT", replace(RESULT, rows=(replace(RESULT.rows[0], ok=False),)))
    assert main(["bench", "team", "--model", str(tiny_gguf)]) == 1
    assert "missed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--users", "0"], "nothing to measure"),
        (["--minutes", "0"], "nothing to measure"),
        (["--cadence", "0"], "1 to 10000 milliseconds"),
        (["--gpu", "abacus"], "no GPU 'abacus'"),
        (["--prompt-rate", "100"], "Both are needed"),
        (["--prompt-rate", "100", "--decode-rate", "10@1"], "Both are needed"),
        (["--prompt-rate", "100", "--decode-rate", "10@1,999@8"], "do not fit"),
        (["--fleets", "many"], "no list of numbers"),
    ],
)
def test_what_cannot_be_done_is_said(
    tiny_gguf: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["bench", "team", "--model", str(tiny_gguf), *arguments]) == 1
    assert words in capsys.readouterr().err
