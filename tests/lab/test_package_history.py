"""A package's releases as commits: what is in them, that they are the same each time, and what does not become one."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from lsp_experts.errors import CarveError, UsageError
from lsp_experts.lab.package_history import BRANCH, main, write_history

FIRST = {"pkg/a.py": "one = 1\n", "pkg/gone.py": "x = 0\n", "pkg/b.json": "{}", "pkg-1.dist-info/RECORD": "a"}
SECOND = {"pkg/a.py": "one = 1\ntwo = 2\n", "pkg/ünlike.py": "# ä\n"}


def wheel(path: Path, files: dict[str, str], year: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 3, 4, 5, 6, 8)), text)
    return path


def npm(path: Path, files: dict[str, str]) -> Path:
    """npm gives every file of every release the same date."""
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size, info.mtime = len(text), 499162500
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def git(folder: Path, *arguments: str) -> str:
    command = ("git", "-c", "core.quotePath=false", *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_each_release_is_a_commit_with_its_files_of_code(tmp_path: Path) -> None:
    releases = [("1.0", wheel(tmp_path / "1.whl", FIRST, 2023)), ("2.0", wheel(tmp_path / "2.whl", SECOND, 2024))]
    write_history("pkg", releases, tmp_path / "out")
    log = git(tmp_path / "out", "log", "--format=%an|%cI|%s", BRANCH).splitlines()
    assert log == ["release|2024-03-04T05:06:08+00:00|pkg 2.0", "release|2023-03-04T05:06:08+00:00|pkg 1.0"]
    assert git(tmp_path / "out", "ls-tree", "-r", "--name-only", "1.0").split() == ["pkg/a.py", "pkg/gone.py"]
    assert git(tmp_path / "out", "ls-files").split() == ["pkg/a.py", "pkg/ünlike.py"]
    assert (tmp_path / "out/pkg/a.py").read_text() == SECOND["pkg/a.py"]
    assert git(tmp_path / "out", "status", "--porcelain") == ""


def test_the_same_archives_give_the_same_commits(tmp_path: Path) -> None:
    releases = [("1.0", wheel(tmp_path / "1.whl", FIRST, 2023)), ("2.0", wheel(tmp_path / "2.whl", SECOND, 2024))]
    for name in ("one", "other"):
        write_history("pkg", releases, tmp_path / name)
    assert git(tmp_path / "one", "rev-parse", BRANCH) == git(tmp_path / "other", "rev-parse", BRANCH)


def test_dates_ascend_where_archives_have_one_date(tmp_path: Path) -> None:
    releases = [(str(n), npm(tmp_path / f"{n}.tgz", {"index.js": f"let n = {n}\n"})) for n in (1, 2)]
    write_history("pkg", releases, tmp_path / "out")
    later, earlier = git(tmp_path / "out", "log", "--format=%ct", BRANCH).split()
    assert int(later) == int(earlier) + 1


@pytest.mark.parametrize("name", ["../out.py", "/abs.py", ".git/hook.py", "a/../../b.py", "new\nline.py", 'quo"te.py'])
def test_a_path_that_leads_elsewhere_is_left_out(tmp_path: Path, name: str) -> None:
    write_history(
        "pkg", [("1", wheel(tmp_path / "1.whl", {name: "x = 1\n", "a.py": "y = 2\n"}, 2023))], tmp_path / "out"
    )
    assert git(tmp_path / "out", "ls-files").split() == ["a.py"]


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError):
        write_history("pkg", [("1", wheel(tmp_path / "1.whl", FIRST, 2023))], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_broken_archive_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.whl").write_bytes(b"no archive")
    with pytest.raises(CarveError):
        write_history("pkg", [("1", tmp_path / "1.whl")], tmp_path / "below" / "out")
    assert list((tmp_path / "below").iterdir()) == []


def test_the_script_takes_what_was_fetched_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version, files in (("1.0", FIRST), ("2.0", SECOND)):
        folder = tmp_path / "cache" / "wheel" / f"pkg_{version}"
        wheel(folder / f"pkg-{version}-py3-none-any.whl", files, 2023)
        (folder / "complete").touch()
    command = ["pkg", str(tmp_path / "out"), "--versions", "1.0,2.0", "--cache", str(tmp_path / "cache")]
    assert main(command) == 0
    assert git(tmp_path / "out", "tag").split() == ["1.0", "2.0"]
    assert main(command) == 1
    assert "is there already" in capsys.readouterr().err
