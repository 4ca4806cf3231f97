"""What an evaluation has measured so far, on disk: figures only, so that a stopped one goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lsp_experts import __version__
from lsp_experts.errors import StoreError
from lsp_experts.lab.evaluation.case_outcome import case_id
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.records import Contestant, Outcome
from lsp_experts.lab.replay_cases import Case
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import disk_error, make_private, open_regular
from lsp_experts.settings import Settings


def journal_for(
    paths: Paths, entrants: Sequence[Entrant], settings: Settings, cases: Sequence[Case], *, fresh: bool = False
) -> Journal:
    """The journal of just this evaluation, below the state folder; an empty one if it is to be `fresh`. StoreError."""
    what = [
        __version__,
        [(each.name, each.sha256, each.file_bytes, each.fim, each.model.n_ctx) for each in entrants],
        asdict(settings),
        [case_id(case) for case in cases],
    ]
    digest = sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]
    journal = Journal(journals_folder(paths) / f"{digest}.jsonl")
    if fresh:
        journal.forget()
    return journal


def journals_folder(paths: Paths) -> Path:
    """Where evaluations keep what they measured."""
    return paths.state / "evaluations"


class Journal:
    """Outcomes and contestants of one evaluation, appended as JSON lines; a torn last line is dropped."""

    def __init__(self, file: Path | None) -> None:
        """`file` None: nothing is kept on disk. StoreError if it is there and cannot be read."""
        self._file = file
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._contestants: dict[str, Contestant] = {}
        if file is not None:
            self._read(file)

    @property
    def outcomes(self) -> Mapping[tuple[str, str], Outcome]:
        """By contestant and case."""
        return MappingProxyType(self._outcomes)

    @property
    def contestants(self) -> Mapping[str, Contestant]:
        """Those that were loaded, by name."""
        return MappingProxyType(self._contestants)

    def keep(self, records: Iterable[Outcome | Contestant]) -> None:
        """Add records; the file has them when this returns. StoreError if the disk refuses: nothing is added then."""
        records = tuple(records)
        if self._file is not None:
            lines = "".join(json.dumps({type(each).__name__: asdict(each)}) + "\n" for each in records)
            try:
                _append(self._file, lines.encode("ascii"))
            except OSError as error:
                raise disk_error(error, self._file.parent) from error
        for each in records:
            self._add(each)

    def forget(self) -> None:
        """Begin anew. StoreError."""
        self._outcomes.clear()
        self._contestants.clear()
        if self._file is not None:
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                raise disk_error(error, self._file.parent) from error

    def _read(self, file: Path) -> None:
        try:
            with open_regular(file) as opened:
                lines = opened.read().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"{file} cannot be read ({error.strerror or error}).", remedy="Delete it, and measure anew."
            ) from error
        for line in lines:
            record = _record(line)
            if record is not None:
                self._add(record)

    def _add(self, record: Outcome | Contestant) -> None:
        if isinstance(record, Contestant):
            self._contestants[record.name] = record
        else:
            self._outcomes[record.contestant, record.case] = record


def _append(file: Path, data: bytes) -> None:
    """All of `data`, or nothing: what a full disk cut off is taken back. A torn line before it is ended first."""
    make_private(file.parent)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "a+b", buffering=0) as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 1))
        left = b"\n" + data if opened.read() not in (b"", b"\n") else data
        try:
            while left:
                left = left[opened.write(left) :]
        except OSError:
            opened.truncate(size)
            raise


def _record(line: bytes) -> Outcome | Contestant | None:
    """None for a torn line, and for one of another version."""
    kinds: dict[str, Any] = {"Outcome": Outcome, "Contestant": Contestant}
    try:
        ((kind, fields),) = json.loads(line).items()
        record: Outcome | Contestant = kinds[kind](**fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return record
