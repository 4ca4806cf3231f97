"""Texts as files: private, few, and gone in the end."""

from __future__ import annotations

import os
from pathlib import Path

from lsp_experts.server.scratch import Scratch


def test_files_are_private_few_and_gone_in_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    scratch = Scratch(folder)
    assert not folder.exists()
    path = scratch.write("What does «f(x)» do? " * 9, "é\n", 7)
    assert path.name == "what-does-f-x-do-what-does-f-x-do-what-d-7-1.md"
    assert (path.read_text(), path.stat().st_mode & 0o077, folder.stat().st_mode & 0o077) == ("é\n", 0, 0)
    for _ in range(30):
        last = scratch.write("…", "", 7)
    assert last.name == "text-7-31.md"
    assert len(list(folder.iterdir())) == 20
    last.unlink()  # the user may have
    scratch.close()
    assert not list(folder.iterdir())


def test_what_a_killed_server_left_goes_after_a_day(tmp_path: Path) -> None:
    left, fresh = tmp_path / "left-1-1.md", tmp_path / "fresh-2-1.md"
    for path in (left, fresh):
        path.write_text("x")
    os.utime(left, (0, 0))
    scratch = Scratch(tmp_path, lambda: fresh.stat().st_mtime + 60)
    scratch.write("mine", "x", 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh-2-1.md", "mine-3-1.md"]
