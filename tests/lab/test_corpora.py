"""Which text of which package goes where: packages share alike, sides do not overlap, and it is the same each time."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from lsp_experts.errors import CarveError, UsageError
from lsp_experts.lab.carving import keepset
from lsp_experts.lab.carving.keepset import Corpus
from lsp_experts.lab.corpora import share_out, write_corpora
from lsp_experts.lab.corpus_packages import Table, read_table

PACKAGES = tuple(Corpus(name, "1", "MIT", "wheel") for name in ("big", "@s/small", "kept"))
TABLE = Table(PACKAGES, held_out={"python": ("kept",)}, train={"python": ("big", "@s/small"), "go": ("big",)})
FILES = {
    "big": {f"big/{n}.py": f"value = {n:04}\n" for n in range(20)}
    | {"big/x.go": "package x\n", "build/y.py": "y = 1\n"},
    "@s/small": {"small/one.py": "small = 1\n", "small/copy.py": "kept = 1\n"},
    "kept": {"kept/one.py": "kept = 1\n", "kept/two.py": "kept = 2\n"},
}


def archives(folder: Path) -> dict[str, Path]:
    made = {}
    for number, (name, files) in enumerate(FILES.items()):
        made[name] = folder / f"{number}.whl"
        with zipfile.ZipFile(made[name], "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
    return made


def written(out: Path) -> dict[str, str]:
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.py")}


def test_the_sides_of_a_language(tmp_path: Path) -> None:
    found = archives(tmp_path)
    report = write_corpora(TABLE, lambda each: found[each.name], tmp_path / "out", ["python"], (100, 1000))
    files = written(tmp_path / "out")
    assert {name for name in files if name.startswith("held-out")} == {
        "held-out/python/kept/kept/one.py",
        "held-out/python/kept/kept/two.py",
    }
    train = {name: text for name, text in files.items() if name.startswith("train")}
    assert train.pop("train/python/@s+small/small/one.py") == "small = 1\n"
    assert all(name.startswith("train/python/big/big/") for name in train)  # no text of the held-out side, no build
    assert sum(map(len, train.values())) == 90 - 90 % 13
    assert json.loads((tmp_path / "out/corpora.json").read_text()) == report
    assert [(row["package"], row["files"], row["licence"]) for row in report["train"]["python"]] == [
        ("big", len(train), "MIT"),
        ("@s/small", 1, "MIT"),
    ]


def test_the_same_table_gives_the_same_files(tmp_path: Path) -> None:
    found = archives(tmp_path)
    for name in ("one", "other"):
        write_corpora(TABLE, lambda each: found[each.name], tmp_path / name, ["python"], (100, 1000))
    assert written(tmp_path / "one") == written(tmp_path / "other")


def test_a_side_that_is_there_stays(tmp_path: Path) -> None:
    found = archives(tmp_path)
    (tmp_path / "out/held-out/python").mkdir(parents=True)
    with pytest.raises(UsageError):
        write_corpora(TABLE, lambda each: found[each.name], tmp_path / "out", ["python"], (100, 1000))
    assert written(tmp_path / "out") == {}


@pytest.mark.parametrize("language", ["go", "rust"])  # nothing held out; nothing at all
def test_a_language_without_both_sides(tmp_path: Path, language: str) -> None:
    with pytest.raises(CarveError, match="python"):
        write_corpora(TABLE, lambda each: tmp_path, tmp_path / "out", [language], (100, 1000))


def test_packages_share_alike_and_leave_the_rest_to_the_larger() -> None:
    files = {
        name: [(f"{n}.go", f"{name} {n:03}") for n in range(count)] for name, count in (("a", 40), ("b", 40), ("c", 2))
    }
    seen: set[str] = set()
    taken = share_out(files, 180, seen)
    assert {name: len(some) for name, some in taken.items()} == {"a": 17, "b": 17, "c": 2}
    assert len(seen) == 36
    assert share_out({"again": files["c"]}, 1000, seen) == {"again": []}


def test_the_shipped_table_names_its_packages_and_keeps_sides_apart() -> None:
    table = read_table(keepset.folder() / "corpora.toml")
    names = {package.name for package in table.packages}
    assert {"go", "html", "css", "javascript", "python", "rust"} <= set(table.train) & set(table.held_out)
    for language, packages in table.train.items():
        assert set(packages) | set(table.held_out[language]) <= names
        assert not set(packages) & set(table.held_out[language])
        assert len(set(packages)) == len(packages)
