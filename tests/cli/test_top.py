"""top: what it prints of the status files, and that nothing in them can break it or the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.cli import top

EXPERT = {
    "id": "go-carved", "languages": ["go"], "state": "HOT", "residentBytes": 512 << 20, "fileBytes": 289 << 20,
    "promptMsPerToken": 8.12, "msPerToken": 21.34, "loadMs": 540.2, "unparkMs": 12.0, "answers": 31,
    "probability": 0.25, "pinned": False, "reason": "", "wishedBecause": "a document was opened",
}  # fmt: skip
STATUS: dict[str, Any] = {
    "version": "0.2", "client": "Neovim", "enabled": True, "saving": False, "tight": True,
    "budgetBytes": 2000 << 20, "residentBytes": 812 << 20,
    "focused": {"suffix": ".go", "language": "go", "experts": [{"id": "go-carved", "reason": "expert"}],
                "excluded": ""},
    "experts": [{**EXPERT, "id": "html-carved", "state": "COLD", "reason": "put out for go-carved"}, EXPERT],
    "remote": {"id": "team-go", "host": "models.example.org", "state": "late", "reason": "too late",
               "says": "text of this file goes to models.example.org", "skipped": []},
    "next": [{"language": "html", "expert": "html-carved", "probability": 0.61}],
    "combine": {"mode": "rank", "note": ""}, "problems": [],
    "last": {"expert": "go-carved", "totalMs": 123.4, "decodedTokens": 8},
    "silences": {"loading": 12, "superseded": 40, "a": 1, "b": 2, "c": 3, "d": 4},
    "lastSilence": {"reason": "loading", "detail": "go-carved: loading"},
}  # fmt: skip


@pytest.fixture
def folder(home: Path) -> Path:
    servers = home / "state" / "servers"
    servers.mkdir(parents=True)
    return servers


def put(folder: Path, status: object) -> None:
    """As if this process were a server."""
    (folder / f"{os.getpid()}.json").write_text(json.dumps(status))


def printed(capsys: pytest.CaptureFixture[str], **options: bool) -> str:
    assert top.run(**options) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    return out


def test_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys) == f"{top._NOTHING}\n"
    assert json.loads(printed(capsys, as_json=True)) == []


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, STATUS)
    out = printed(capsys, once=True)
    assert out == printed(capsys)  # a pipe gets it once
    lines = out.splitlines()
    for word in ("Neovim", str(os.getpid()), "812 of 2,000 MiB", "memory is tight"):
        assert word in lines[0]
    hot, cold = (line.split() for line in lines[3:5])
    assert hot[:11] == ["HOT", "go-carved", "go", "512", "289", "8.1", "21.3", "540", "12", "31", "25"]
    assert cold[:2] == ["COLD", "html-carved"]
    assert lines[5] == "go-carved: a document was opened"
    assert lines[6] == "html-carved: put out for go-carved"
    assert "focused: go: go-carved (expert)" in out
    assert "team-go: late, too late, text of this file goes to models.example.org" in out
    assert "answered last: go-carved, 123 ms, 8 tokens decoded" in out
    assert "silences: superseded 40, loading 12, d 4, c 3, b 2 (last: loading, go-carved: loading)" in out
    assert "next: html 61% (html-carved)" in out
    assert "combine: rank" in out


def test_a_long_reason_takes_no_room_from_the_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = (
        "does not fit: needs 352 MiB, 254 MiB of the budget of 429 MiB are left beside smollm2-135m-instruct (pinned)"
    )
    put(folder, {**STATUS, "experts": [{**EXPERT, "reason": reason}]})
    out = printed(capsys, once=True)
    assert out.splitlines()[3].split()[3:11] == ["512", "289", "8.1", "21.3", "540", "12", "31", "25"]
    assert f"go-carved: {reason}\n" in out


def test_the_last_silence_is_named_without_details_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, {**STATUS, "lastSilence": {"reason": "a", "detail": ""}})
    assert "b 2 (last: a)\n" in printed(capsys, once=True)


def test_an_answer_without_the_model_has_no_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, {**STATUS, "last": {**STATUS["last"], "reused": True}})
    assert "answered last: go-carved, with what was left of its suggestion before\n" in printed(capsys, once=True)


def test_json_is_the_list_of_what_they_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, STATUS)
    assert json.loads(printed(capsys, as_json=True)) == [{**STATUS, "pid": os.getpid()}]


def test_stale_and_broken_files_do_not_count(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (folder / f"{gone.pid}.json").write_text(json.dumps(STATUS))
    (folder / f"{os.getpid()}.json").write_text("{")
    (folder / "x.json").write_text("{}")
    assert printed(capsys, once=True) == f"{top._NOTHING}\n"
    assert not (folder / f"{gone.pid}.json").exists()


@pytest.mark.parametrize("value", [None, 3, -1.5, 1e300, True, "text", [], [1], {}, {"a": [{}]}, "\x1b[31m\x07[red]"])
def test_any_value_may_stand_anywhere(folder: Path, capsys: pytest.CaptureFixture[str], value: object) -> None:
    for key in (*STATUS, "nothing"):
        put(folder, {**STATUS, key: value})
        printed(capsys, once=True)
    for key in EXPERT:
        put(folder, {**STATUS, "experts": [{**EXPERT, key: value}, value]})
        assert "answered last" in printed(capsys, once=True)
    for part in ("focused", "last", "lastSilence"):
        for key in STATUS[part]:
            put(folder, {**STATUS, part: {**STATUS[part], key: value}})
            assert "go-carved" in printed(capsys, once=True)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize("keys", [b"xq", b"\x03"])
def test_live_until_q_or_ctrl_c(folder: Path, keys: bytes) -> None:
    import pty
    import select

    put(folder, STATUS)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lsp_experts", "top"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "40"}

    def own_terminal() -> None:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, preexec_fn=own_terminal
    )
    os.close(theirs)
    out = b""
    while b"answered last" not in out:
        assert select.select([ours], [], [], 20)[0], out
        out += os.read(ours, 65536)
    os.write(ours, keys)
    while child.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                out += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
    assert child.wait(20) == 0
    assert b"Traceback" not in out
    os.close(ours)
