"""What an evaluation remembers, and what it forgives."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.errors import StoreError
from lsp_experts.lab.case_request import PATIENT
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.journal import Journal, journal_for, journals_folder
from lsp_experts.lab.evaluation.records import Contestant, Outcome
from lsp_experts.lab.replay_cases import Case
from lsp_experts.paths import default_paths
from lsp_experts.pool.model import Model

ONE = Outcome(
    "c1", "p", "go", "line", "a", True, 9, 9, 1.0, 12.25, 10, 30.5, 41.0, 200, 6, 0.75, 9, True
)  # fmt: skip
TWO = replace(ONE, case="c2", exact=False, similarity=0.3333)
A = Contestant("a", "0" * 64, "model", 1000, 2000, 300)


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "journal.jsonl"
    Journal(file).keep([A, ONE])
    Journal(file).keep([TWO])
    again = Journal(file)
    assert dict(again.outcomes) == {("a", "c1"): ONE, ("a", "c2"): TWO}
    assert dict(again.contestants) == {"a": A}
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_torn_last_line_is_dropped(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file).keep([A, ONE])
    whole = file.read_bytes()
    Journal(file).keep([TWO])
    rest = file.read_bytes()[len(whole) :]
    file.write_bytes(whole + rest[:cut])
    torn = Journal(file)
    three = replace(ONE, case="c3")
    torn.keep([three])
    kept = {outcome.case for outcome in Journal(file).outcomes.values()}
    assert kept >= {"c1", "c3"}
    assert ("c2" in kept) == (cut == -1), "a line that only lost its end is whole"


@pytest.mark.parametrize(
    "line", [b"nonsense", b"[]", b"{}", b'{"Outcome": {"case": "x"}}', b'{"Else": {}}', b"\xff\xfe", b"", b"3"]
)
def test_other_lines_are_skipped(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file).keep([ONE])
    file.write_bytes(line + b"\n" + file.read_bytes() + line + b"\n")
    assert list(Journal(file).outcomes.values()) == [ONE]


def test_forgetting_and_keeping_nothing(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file)
    journal.forget()
    journal.keep([A, ONE])
    journal.forget()
    assert not journal.outcomes and not journal.contestants and not file.exists()
    Journal(None).keep([ONE])
    assert not any(tmp_path.iterdir())


def test_a_full_disk_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file)
    journal.keep([ONE])
    opened = os.fdopen

    def small(descriptor: int, mode: str, buffering: int) -> object:
        return Full(opened(descriptor, mode, buffering=buffering))

    monkeypatch.setattr(os, "fdopen", small)
    with pytest.raises(StoreError, match="no space left"):
        journal.keep([TWO])
    monkeypatch.undo()
    assert list(journal.outcomes.values()) == [ONE]
    assert file.read_bytes().count(b"\n") == 1 and list(Journal(file).outcomes.values()) == [ONE]


class Full:
    """A file whose disk takes 10 more bytes."""

    def __init__(self, file: object) -> None:
        self._file, self._left = file, 10

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        if not self._left:
            raise OSError(errno.ENOSPC, "No space left on device")
        written: int = self._file.write(data[: self._left])  # type: ignore[attr-defined]
        self._left -= written
        return written


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        Journal(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Journal(tmp_path / "file" / "journal.jsonl")


def test_each_evaluation_has_a_journal_of_its_own() -> None:
    paths = default_paths()
    entrant = Entrant("a", "model", Model(Path("/m.gguf"), 5), "auto", "0" * 64)
    case = Case(Path("/w/secret_name.py"), "python", "python", "line", "x = 1\n", 6, "y = 2")
    others = [
        ([entrant], PATIENT, [case]),
        ([replace(entrant, sha256="1" * 64)], PATIENT, [case]),
        ([entrant, replace(entrant, name="b")], PATIENT, [case]),
        ([entrant], replace(PATIENT, anchor_lines=9), [case]),
        ([entrant], PATIENT, [replace(case, truth="z = 3")]),
        ([entrant], PATIENT, [case, replace(case, path=Path("/w/b.py"))]),
    ]
    for each in others:
        journal_for(paths, *each).keep([ONE])
    names = [file.name for file in journals_folder(paths).iterdir()]
    assert len(names) == len(others)
    assert len(journal_for(paths, [entrant], PATIENT, [case]).outcomes) == 1
    assert "secret_name" not in "".join(names)
