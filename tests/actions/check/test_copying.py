"""The copy that a check runs in: what is in it, what is bounded, and that nothing leads out of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from lsp_experts.actions.check.copying import Limits, Stopped, copy_tree
from lsp_experts.errors import ActionRefused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "target"
    made.mkdir()
    return made


def write(folder: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_files_are_copied_and_open_texts_laid_over_them(folder: Path, target: Path) -> None:
    write(folder, {"a.py": "saved", "sub/b.sh": "b"})
    (folder / "sub/b.sh").chmod(0o755)
    (folder / "a.py").chmod(0o444)
    known = copy_tree(folder, target, {"a.py": "typed\r\n", "new/c.py": "c"})
    assert read(target) == {"a.py": "typed\r\n", "sub/b.sh": "b", "new/c.py": "c"}
    assert known == {"a.py", "sub/b.sh", "new/c.py"}
    assert os.access(target / "sub/b.sh", os.X_OK)
    assert (folder / "a.py").read_text() == "saved"
    (target / "sub/b.sh").write_text("changed")
    assert (folder / "sub/b.sh").read_text() == "b"


def test_links_that_lead_out_are_left_out(folder: Path, target: Path, tmp_path: Path) -> None:
    write(tmp_path, {"secret": "s"})
    write(folder, {"real/a.py": "a"})
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to("..")
    (folder / "inside").symlink_to("real")
    (folder / "whole").symlink_to(folder / "real/a.py")
    (folder / "nowhere").symlink_to("gone")
    os.mkfifo(folder / "fifo")
    copy_tree(folder, target, {})
    assert sorted(path.name for path in target.iterdir()) == ["inside", "nowhere", "real", "whole"]
    assert (target / "whole").resolve() == target / "real/a.py"
    (target / "inside/a.py").write_text("changed")
    assert (folder / "real/a.py").read_text() == "a"


def test_packages_are_linked_and_never_written_into(folder: Path, target: Path) -> None:
    write(folder, {"a.js": "a", "node_modules/m/index.js": "m", "app/b.js": "b", "app/node_modules/n.js": "n"})
    copy_tree(folder, target, {"node_modules/m/index.js": "typed", "app/../node_modules/m/index.js": "typed"})
    assert (target / "node_modules").is_symlink()
    assert (target / "app/node_modules/n.js").read_text() == "n"
    assert (folder / "node_modules/m/index.js").read_text() == "m"


@pytest.mark.parametrize("path", ["../out.py", "/tmp/lsp-experts-test-out.py", "up/out.py"])
def test_no_text_is_written_outside_of_the_copy(path: str, folder: Path, target: Path, tmp_path: Path) -> None:
    write(folder, {"a.py": "a"})
    (target / "up").symlink_to(tmp_path)
    copy_tree(folder, target, {path: "out"})
    assert not (tmp_path / "out.py").exists()
    assert not Path("/tmp/lsp-experts-test-out.py").exists()


@pytest.mark.parametrize(
    ("limits", "said"), [(Limits(files=2), "more than 2 files"), (Limits(size_bytes=1 << 20), "more than 1 MB")]
)
def test_a_tree_that_is_too_large_is_refused(limits: Limits, said: str, folder: Path, target: Path) -> None:
    write(folder, {"a": "x" * 600_000, "b": "x" * 600_000, "c": ""})
    with pytest.raises(ActionRefused, match=said) as refused:
        copy_tree(folder, target, {}, limits=limits)
    assert ".gitignore" in refused.value.remedy


def test_it_stops_when_it_is_told(folder: Path, target: Path) -> None:
    write(folder, {str(number): "" for number in range(5)})
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        copy_tree(folder, target, {}, lambda: next(asked))
    assert len(list(target.iterdir())) == 2


def test_a_disk_that_refuses(folder: Path, target: Path) -> None:
    write(folder, {"sub/a.py": "a"})
    (target / "sub").write_text("in the way")
    with pytest.raises(ActionRefused, match="could not be copied"):
        copy_tree(folder, target, {})
