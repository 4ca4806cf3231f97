"""Where a page may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.cli.page import check_page
from lsp_experts.errors import UsageError


def test_a_file_in_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "old.html").write_text("")
    for name in ("old.html", "new.html"):
        check_page(tmp_path / name)
    check_page(None)


@pytest.mark.parametrize("name", ["gone/a.html", "folder", "/dev/null", "file/a.html"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        check_page(tmp_path / name)


def test_a_folder_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(UsageError, match="Permission denied"):
        check_page(tmp_path / "a.html")
