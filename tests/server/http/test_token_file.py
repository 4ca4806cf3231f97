"""The token's file: made once, for its owner only; one that others could know is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lsp_experts.errors import UsageError
from lsp_experts.server.http.token_file import token_of


def test_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "http-token"
    old = os.umask(0)
    try:
        token = token_of(path)
    finally:
        os.umask(old)
    assert token_of(path) == token
    assert len(token) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["http-token"]


def test_two_homes_have_two_tokens(tmp_path: Path) -> None:
    assert token_of(tmp_path / "a") != token_of(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602])
def test_one_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "http-token"
    token_of(path)
    path.chmod(mode)
    with pytest.raises(UsageError, match=r"others may read or write it.*Delete it"):
        token_of(path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 50, b"a b" * 30])
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "http-token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="it holds no token"):
        token_of(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError, match="not a regular file"):
            token_of(path)
