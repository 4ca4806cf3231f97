"""What lies on disk is its owner's alone: logs, the files that they go on in, and every folder that is made."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from lsp_experts.registry.disk import make_private
from lsp_experts.server.private_log import PrivateLog


@pytest.fixture(autouse=True)
def open_umask() -> object:
    """The umask of most users: what is made is readable unless its maker says otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_log_that_goes_on_in_a_new_file_stays_private(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    file.write_text("an older log\n")
    file.chmod(0o644)
    handler = PrivateLog(file, maxBytes=50, backupCount=1, encoding="utf-8")
    try:
        for number in range(5):
            handler.emit(logging.makeLogRecord({"msg": f"line {number} of a log", "levelno": logging.INFO}))
    finally:
        handler.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.log", "server.log.1"]
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {"server.log": 0o600, "server.log.1": 0o600}
    assert file.stat().st_size <= 50


def test_a_log_that_is_no_file_keeps_its_mode() -> None:
    before = mode(Path(os.devnull))
    PrivateLog(os.devnull, encoding="utf-8").close()
    assert mode(Path(os.devnull)) == before


def test_every_folder_that_is_made_is_private_and_none_that_was_there_changes(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    make_private(tmp_path / "there" / "a" / "b")
    make_private(tmp_path / "there" / "a" / "b")
    modes = [mode(tmp_path / name) for name in ("there", "there/a", "there/a/b")]
    assert modes == [0o755, 0o700, 0o700]
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        make_private(tmp_path / "file")
    with pytest.raises(OSError):
        make_private(tmp_path / "file" / "below")
