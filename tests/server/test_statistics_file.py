"""The statistics on disk: what is written is read again, by days; what is broken is left out; it stays small."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.server import statistics_file
from lsp_experts.server.statistics_file import Record, append, forget, prune, read

RECORD = Record("go", "go-carved", "0123456789abcdef", "inline", "whole", 1, 5, 5, 120, False, 0.5, True, None)
DAY = "2026-01-31"


def test_what_is_written_is_read_by_days(tmp_path: Path) -> None:
    folder, other = tmp_path / "state" / "statistics", replace(RECORD, outcome="none", accepted_chars=0, kept_30=None)
    append(folder, "2026-02-01", [other])
    append(folder, DAY, [RECORD])
    append(folder, DAY, [other, RECORD])
    assert read(folder) == {DAY: [RECORD, other, RECORD], "2026-02-01": [other]}
    assert list(read(folder)) == [DAY, "2026-02-01"]
    assert read(folder, "2026-02-01") == {"2026-02-01": [other]}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def _append_many(folder: Path) -> None:
    for _ in range(100):
        append(folder, DAY, [RECORD] * 3)


def test_several_servers_write_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(_append_many, [tmp_path] * 3))
    assert read(tmp_path) == {DAY: [RECORD] * 900}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "/home/me/a.go"),
        ("language", 3),
        ("expert", "\x1b[31m"),
        ("expert", None),
        ("identity", "x" * 100),
        ("kind", "other"),
        ("outcome", []),
        ("lines", -1),
        ("chars", 1.5),
        ("chars", True),
        ("accepted_chars", 10**30),
        ("latency_ms", "1"),
        ("reused", 1),
        ("probability", float("nan")),
        ("probability", 2),
        ("kept_30", "yes"),
        ("kept_300", 2),
    ],
)
def test_a_line_with_a_wrong_value_does_not_count(tmp_path: Path, field: str, value: Any) -> None:
    append(tmp_path, DAY, [RECORD])
    with (tmp_path / f"{DAY}.jsonl").open("a") as file:
        file.write(json.dumps({**asdict(RECORD), field: value}) + "\n")
    assert read(tmp_path) == {DAY: [RECORD]}


@pytest.mark.parametrize(
    "broken", [b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 10_000, b"{}", b"7", b'"x"', b'{"language": "go"']
)
def test_a_broken_line_costs_no_other(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / f"{DAY}.jsonl").write_bytes(broken)  # without a line end: the server was killed
    append(tmp_path, DAY, [RECORD])
    assert read(tmp_path) == {DAY: [RECORD]}


def test_fields_of_another_version(tmp_path: Path) -> None:
    line = {**asdict(RECORD), "new": 1}
    del line["kept_30"], line["kept_300"]
    (tmp_path / f"{DAY}.jsonl").write_text(json.dumps(line))
    assert read(tmp_path) == {DAY: [replace(RECORD, kept_30=None)]}


def test_a_day_that_is_full_gets_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_file, "MOST_DAY_BYTES", 1000)
    for _ in range(20):
        append(tmp_path, DAY, [RECORD])
    assert 500 < (tmp_path / f"{DAY}.jsonl").stat().st_size <= 1000
    assert 1 < len(read(tmp_path)[DAY]) < 20


def test_old_days_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [f"2026-01-{number:02}" for number in range(1, 11)]
    for day in days:
        append(tmp_path, day, [RECORD])
    monkeypatch.setattr(statistics_file, "MOST_DAYS", 6)
    prune(tmp_path)
    assert list(read(tmp_path)) == days[4:]
    monkeypatch.setattr(statistics_file, "MOST_BYTES", (tmp_path / f"{days[9]}.jsonl").stat().st_size * 3)
    prune(tmp_path)
    assert list(read(tmp_path)) == days[7:]


def test_forgetting_deletes_nothing_else(tmp_path: Path) -> None:
    append(tmp_path, DAY, [RECORD])
    append(tmp_path, "2026-02-01", [RECORD])
    (tmp_path / "notes.jsonl").write_text("mine")
    (tmp_path / "2026-02-02.jsonl").mkdir()
    assert (forget(tmp_path), forget(tmp_path)) == (2, 0)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.jsonl", "2026-02-02.jsonl"}


def test_there_is_nothing(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    prune(nothing)
    assert (read(nothing), forget(nothing)) == ({}, 0)
    assert not nothing.exists()


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs and no links without rights there")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null"), Path.mkdir])
def test_odd_files_hold_nobody_up(tmp_path: Path, make: Any) -> None:
    make(tmp_path / f"{DAY}.jsonl")
    assert read(tmp_path) == {}
    with pytest.raises(OSError):
        append(tmp_path, DAY, [RECORD])
