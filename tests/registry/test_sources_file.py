"""A file of this machine is copied, never linked, and only if it is the one that was asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_experts.errors import SourceError
from lsp_experts.registry.entry import FileSource
from lsp_experts.registry.pull import Silent
from lsp_experts.registry.sources.file import fetch

CONTENT = b"GGUF" + bytes(range(256)) * 8192
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def folder_in(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_a_copy_is_made(tmp_path: Path) -> None:
    origin = tmp_path / "model.gguf"
    origin.write_bytes(CONTENT)
    fetched = fetch(FileSource(str(origin), SHA256, len(CONTENT)), folder_in(tmp_path), Silent())
    assert (fetched.sha256, fetched.size, fetched.origin) == (SHA256, len(CONTENT), f"file:{origin}")
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.path.stat().st_ino != origin.stat().st_ino


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "model.gguf").write_bytes(CONTENT)
    assert fetch(FileSource("~/model.gguf"), folder_in(tmp_path), Silent()).sha256 == SHA256


BAD: list[tuple[str, Callable[[Path], object], FileSource, str]] = [
    ("not there", lambda path: None, FileSource("PATH"), "cannot be read"),
    ("folder", lambda path: path.mkdir(), FileSource("PATH"), "not a regular file"),
    ("FIFO", lambda path: os.mkfifo(path), FileSource("PATH"), "not a regular file"),
    ("device", lambda path: path.symlink_to("/dev/zero"), FileSource("PATH"), "not a regular file"),
    ("relative", lambda path: path.write_bytes(CONTENT), FileSource("model.gguf"), "not an absolute path"),
    ("too long", lambda path: path.write_bytes(CONTENT), FileSource("PATH", SHA256, 100), "longer than the 100 bytes"),
    ("too short", lambda path: path.write_bytes(b"GGUF"), FileSource("PATH", None, 100), "4 bytes instead of 100"),
    ("another", lambda path: path.write_bytes(CONTENT), FileSource("PATH", "0" * 64), "sha256 is"),
    ("unknown and no model", lambda path: path.write_bytes(b"<html>"), FileSource("PATH"), "not a GGUF"),
    ("unknown and empty", lambda path: path.write_bytes(b""), FileSource("PATH"), "not a GGUF"),
]


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and links")
@pytest.mark.parametrize(("make", "source", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_anything_else_is_a_reason(
    tmp_path: Path, make: Callable[[Path], object], source: FileSource, said: str
) -> None:
    path = tmp_path / "model.gguf"
    make(path)
    wanted = FileSource(source.path.replace("PATH", str(path)), source.sha256, source.size)
    with pytest.raises(SourceError, match=said):
        fetch(wanted, folder_in(tmp_path), Silent())
