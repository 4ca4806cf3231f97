"""Whose status files count: those of servers that run, and nothing that breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_experts.server.running_servers import running_servers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.communicate(b"\n")


def put(folder: Path, process_id: int | str, content: object) -> Path:
    path = folder / f"{process_id}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def pids(folder: Path) -> list[int]:
    return [status["pid"] for status in running_servers(folder)]


def test_no_folder_no_servers(tmp_path: Path) -> None:
    assert running_servers(tmp_path / "none") == []


def test_running_ones_by_number(folder: Path, process: subprocess.Popen[bytes]) -> None:
    put(folder, os.getpid(), {"version": "1", "pid": 3})  # the name counts
    put(folder, process.pid, {"version": "2"})
    assert pids(folder) == sorted([os.getpid(), process.pid])
    assert {status["version"] for status in running_servers(folder)} == {"1", "2"}


def test_of_a_process_that_is_gone_the_file_goes_too(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    put(folder, gone.pid, {})
    (folder / f".{gone.pid}.json.x1y2.new").write_text("{")
    unfinished = folder / f".{os.getpid()}.json.x1y2.new"
    unfinished.write_text("{")
    assert pids(folder) == []
    assert list(folder.iterdir()) == [unfinished]


def test_a_process_that_only_has_the_number_is_another_one(folder: Path) -> None:
    path = put(folder, os.getpid(), {})
    os.utime(path, (1_000_000_000, 1_000_000_000))  # long before this process began
    assert pids(folder) == []
    assert not path.exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "3", "\0" * 9, "[" * 100_000, '{"a": "' + "x" * (1 << 20) + '"}']
)
def test_what_is_broken_is_left_out(folder: Path, content: str) -> None:
    path = put(folder, os.getpid(), content)
    assert pids(folder) == []
    assert path.exists()  # its owner will write it again


def test_what_is_no_status_file_stays_as_it_is(folder: Path) -> None:
    put(folder, "notes", {})
    put(folder, "0", {})
    put(folder, "00012", {})
    put(folder, "99999999999999999999", {})
    put(folder, f".{os.getpid()}", {})
    (folder / f"{os.getppid()}.json").mkdir()
    before = sorted(folder.iterdir())
    assert pids(folder) == []
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_pipe_does_not_hold_the_reader_up(folder: Path) -> None:
    os.mkfifo(folder / f"{os.getpid()}.json")
    assert pids(folder) == []
