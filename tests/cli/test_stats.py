"""stats: what it tells of the records, with none, with broken ones, on a pipe and in 80 columns."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from server.test_statistics_file import RECORD

from lsp_experts.cli import stats
from lsp_experts.cli.main import main
from lsp_experts.cli.stats_figures import figures
from lsp_experts.cli.stats_view import bar, stats_view
from lsp_experts.paths import default_paths
from lsp_experts.server.statistics_file import append, statistics_folder

NONE = replace(RECORD, outcome="none", accepted_chars=0, kept_30=None, probability=0.05, latency_ms=20)
PART = replace(RECORD, outcome="partly", chars=10, accepted_chars=3, kept_30=False, kept_300=False, probability=1.0)
HTML = replace(RECORD, language="html", expert="html-carved", kind="popup")
TODAY = date.today()


@pytest.fixture
def folder(home: Path) -> Path:
    return statistics_folder(default_paths())


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["stats", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    return out


def test_rates() -> None:
    found = figures({ago(1): [NONE, PART], ago(0): [RECORD, NONE, HTML]})
    go, html = found["rows"]
    assert (go["language"], go["expert"], go["files"]) == ("go", "go-carved", [RECORD.identity])
    assert (go["shown"], go["accepted"], go["partly"], go["typed"]) == (4, 0.25, 0.25, 0)
    assert (go["kept_30"], go["kept_300"]) == (0.5, 0.0)  # of those that were looked at
    assert (go["chars_saved"], go["median_ms"]) == (8, 70)
    assert (html["shown"], html["accepted"], html["kept_300"]) == (1, 1.0, None)
    assert (found["total"]["shown"], found["total"]["chars_saved"]) == (5, 13)
    assert found["days"] == [
        {"day": ago(1), "shown": 2, "accepted": 0.5},
        {"day": ago(0), "shown": 3, "accepted": 0.6667},
    ]
    assert [each["shown"] for each in found["probability"]] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 1]
    assert found["probability"][1] == {"from": 0.1, "to": 0.2, "shown": 0, "accepted": None}


def test_the_table_the_bars_and_where_it_lies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(folder, ago(1), [NONE, PART])
    append(folder, ago(0), [RECORD, NONE, HTML])
    lines = printed(capsys).splitlines()
    assert lines[2].split() == ["go", "go-carved", "4", "25", "25", "0", "50", "0", "8", "70"]
    assert lines[3].split() == ["html", "html-carved", "1", "100", "0", "0", "100", "-", "5", "120"]
    assert lines[4].split() == ["all", "5", "40", "20", "0", "67", "0", "13", "120"]
    assert any(line.startswith(f"{ago(0)} ") and line.endswith(" 67% of 3") for line in lines)
    assert any(line.startswith("0.9 to 1.0 ") and line.endswith("100% of 1") for line in lines)
    assert str(folder) in lines
    assert "Delete it: lsp-experts stats --forget" in lines
    assert all(len(line) <= 80 or line == str(folder) for line in lines)


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(folder, ago(3), [RECORD])
    found = json.loads(printed(capsys, "--json"))
    assert found["folder"] == str(folder)
    assert {name: found[name] for name in ("rows", "total", "days", "probability")} == figures({ago(3): [RECORD]})


def test_only_the_last_days(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for days in range(4):
        append(folder, ago(days), [RECORD])
    days = json.loads(printed(capsys, "--json", "--days", "2"))["days"]
    assert [each["day"] for each in days] == [ago(1), ago(0)]
    assert json.loads(printed(capsys, "--json", "--days", "999999999"))["total"]["shown"] == 4


def test_nothing_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys)
    assert out.startswith("No suggestion was shown yet")
    assert str(folder) in out
    assert json.loads(printed(capsys, "--json"))["rows"] == []
    assert not folder.exists()


def test_a_broken_file_is_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir(parents=True)
    (folder / f"{ago(0)}.jsonl").write_bytes(b'{"language": "go", \xff')
    assert printed(capsys).startswith("No suggestion was shown yet")
    append(folder, ago(0), [RECORD])
    assert "go-carved" in printed(capsys)


def test_forget_deletes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(folder, ago(0), [RECORD])
    append(folder, ago(1), [RECORD])
    assert printed(capsys, "--forget") == f"statistics: 2 deleted (one for each day) from {folder}\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("days", ["0", "-1"])
def test_no_time_at_all(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--days", days]) == 1
    assert capsys.readouterr().err.startswith(f"lsp-experts: {days} days")


def test_a_pipe_that_takes_only_ascii(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append(folder, ago(0), [RECORD])
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", pipe)
    assert stats.run() == 0
    pipe.flush()
    assert b"####" in pipe.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("share", "blocks", "expected"),
    [
        (0, True, ""),
        (1, True, "████"),
        (0.5, True, "██"),
        (0.28, True, "█▏"),
        (0.01, True, ""),
        (0.5, False, "##"),
        (0, False, ""),
    ],
)
def test_bars(share: float, blocks: bool, expected: str) -> None:
    assert bar(share, 4, blocks=blocks) == expected


@pytest.mark.parametrize("name", ["[red]x", "x" * 80, "a:b@c"])
def test_long_and_odd_names_fit_into_80_columns(name: str) -> None:
    out = io.StringIO()
    many: dict[str, Any] = {ago(days): [replace(RECORD, expert=name, chars=10**6)] * 3 for days in range(30)}
    Console(file=out, width=80).print(stats_view(figures(many), blocks=True))
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "".join(line[9:20].strip() for line in lines[2:12]).startswith(name[:4])
    assert sum(line.startswith("20") for line in lines) == 14
