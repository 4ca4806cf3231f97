"""The folder of model files on disk: files named by their hash, one record per expert, every step atomic.

Layout: `<sha256>.gguf`, `records/<expert id>.json`, `locks/<expert id>.lock`, `temporary/<unique>/`.
Several processes may use one store at once: a file gets its final name only by a rename after its bytes are on disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lsp_experts.errors import ModelRejected, NotInstalled, StoreError
from lsp_experts.registry.disk import disk_error, hash_file, is_disk_error, make_private, open_regular, sync_folder
from lsp_experts.registry.locks import FileLock
from lsp_experts.registry.records import (
    EXPERT_ID,
    SHA256,
    BadRecord,
    Memo,
    Record,
    read_record,
    write_record,
)

_SWEEP_AFTER_S = 24 * 3600.0
_COMMIT_LOCK = "_commit"  # no expert id starts with an underscore


@dataclass(frozen=True)
class Installed:
    """One expert that is in the store; `size` in bytes."""

    expert: str
    path: Path
    sha256: str
    size: int
    source: str
    licence: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class Store:
    """The store below `root`. `now` gives seconds since the epoch, `free_bytes` what a folder's disk can still take."""

    def __init__(
        self,
        root: Path,
        *,
        now: Callable[[], float] = time.time,
        free_bytes: Callable[[Path], int] = _free_bytes,
    ) -> None:
        self.root = root
        self._now = now
        self._free_bytes = free_bytes

    # What is there

    def installed(self) -> dict[str, Installed]:
        """All experts with a readable record and a file, by id; nothing is hashed."""
        found: dict[str, Installed] = {}
        for record in self._records():
            with suppress(StoreError):
                found[record.expert] = self.find(record.expert)
        return found

    def find(self, expert_id: str) -> Installed:
        """The expert's record, if its file is there; NotInstalled otherwise. Its bytes are not looked at."""
        record = self._read(expert_id)
        path = self.model_path(record.sha256)
        if not os.path.lexists(path):
            raise NotInstalled(f"the file of {expert_id} is gone: {path}.", remedy=_pull_again(expert_id))
        return _installed(record, path)

    def check(self, expert_id: str) -> Installed:
        """As `find`, and the file is the one that was pulled: regular, right size, hashed since it last changed."""
        return self._proven(expert_id, trust_memo=True)

    def verify(self, expert_id: str) -> Installed:
        """As `check`, and every byte is hashed again."""
        return self._proven(expert_id, trust_memo=False)

    def recorded(self, expert_id: str) -> Record | None:
        """What was recorded at the last pull, even if the file is gone since; None if nothing readable."""
        try:
            return self._read(expert_id)
        except NotInstalled:
            return None

    def recorded_ids(self) -> list[str]:
        """The ids of all records, readable or not, with a file or without."""
        names = (path.stem for path in self._list("records", "*.json"))
        return [name for name in names if EXPERT_ID.fullmatch(name)]

    def model_path(self, sha256: str) -> Path:
        """Where the file with this hash lies or would lie."""
        if not SHA256.fullmatch(sha256):
            raise StoreError(f"{sha256!r} is not a sha256.")
        return self._inside(f"{sha256}.gguf")

    # What changes it

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """A unique path inside the store for a file to be adopted; whatever is left there at the end is removed."""
        with self.temporary_folder() as folder:
            yield folder / "model.gguf"

    @contextmanager
    def temporary_folder(self) -> Iterator[Path]:
        """A unique folder inside the store, removed at the end with all that is in it."""
        folder = self._inside("temporary", f"{os.getpid()}-{uuid.uuid4().hex}")
        with self.disk_errors():
            self._make_folders("temporary")
            folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def adopt(
        self,
        expert_id: str,
        temporary: Path,
        *,
        sha256: str,
        size: int,
        source: str,
        licence: str = "",
        provenance: Mapping[str, str] | None = None,
    ) -> Installed:
        """Gives a finished temporary file its final name and writes the record; the caller has hashed it.

        A file of that hash that is there already and is right stays, and the temporary one is dropped. What the expert
        had before goes once the record names the new file, unless another expert uses it.
        """
        record_path = self._record_path(expert_id)
        path = self.model_path(sha256)
        with self.disk_errors(), self._lock(_COMMIT_LOCK, lambda: None):
            self._make_folders("records")
            with _open_model(temporary, expert_id) as file:
                if os.fstat(file.fileno()).st_size != size:
                    raise ModelRejected(f"{temporary} does not have the {size} bytes it should have.")
                os.fsync(file.fileno())
            if self._holds(path, sha256, size):
                temporary.unlink()
            else:
                temporary.chmod(0o600)
                temporary.replace(path)
                sync_folder(self.root)
            record = Record(
                expert_id,
                sha256,
                size,
                source,
                licence,
                datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds"),
                dict(provenance or {}),
                Memo.of(path.stat()),
            )
            before = self.recorded(expert_id)
            write_record(record_path, record)
            if before is not None:
                self._drop_unused(before.sha256)
        return _installed(record, path)

    def reuse(self, expert_id: str, sha256: str, size: int, *, source: str, licence: str = "") -> Installed | None:
        """Records an expert whose file is in the store already (another expert's, or left by a killed pull)."""
        path = self.model_path(sha256)
        with self.disk_errors(), self._lock(_COMMIT_LOCK, lambda: None):
            if not self._holds(path, sha256, size):
                return None
            self._make_folders("records")
            when = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
            record = Record(expert_id, sha256, size, source, licence, when, {}, Memo.of(path.stat()))
            write_record(self._record_path(expert_id), record)
        return _installed(record, path)

    def remove(self, expert_id: str) -> int:
        """Forgets the expert and deletes its file, unless another expert uses it; the bytes that were freed."""
        record_path = self._record_path(expert_id)
        if not os.path.lexists(record_path):
            raise NotInstalled(f"{expert_id} is not installed.")
        with self.disk_errors(), self._lock(_COMMIT_LOCK, lambda: None):
            record = self.recorded(expert_id)
            record_path.unlink(missing_ok=True)
            return 0 if record is None else self._drop_unused(record.sha256)

    def lock(self, expert_id: str, waiting: Callable[[], None]) -> FileLock:
        """Holds the expert's lock; `waiting` is called once if another process has it. Ctrl-C ends the wait.

        Without working locks it holds nothing: that costs a second download, never a wrong file.
        """
        self._record_path(expert_id)  # checks the id
        return self._lock(expert_id, waiting)

    def sweep(self) -> None:
        """Deletes what killed processes left behind more than a day ago."""
        limit = self._now() - _SWEEP_AFTER_S
        for left in (*self._list("temporary", "*"), *self._list("records", ".*.new")):
            with suppress(OSError):
                newest = max(path.lstat().st_mtime for path in (left, *left.rglob("*")))
                if newest < limit:
                    left.unlink() if not left.is_dir() or left.is_symlink() else shutil.rmtree(left)

    def require_space(self, needed_bytes: int) -> None:
        """StoreError if the store's disk cannot take that many bytes more."""
        with self.disk_errors():
            self._make_folders()
            free = self._free_bytes(self.root)
        if free < needed_bytes:
            raise StoreError(
                f"the disk of {self.root} has {free / 1e6:,.0f} MB free, and {needed_bytes / 1e6:,.0f} MB are needed.",
                remedy="Free some space, or set LSP_EXPERTS_HOME to a folder on another disk.",
            )

    @contextmanager
    def disk_errors(self) -> Iterator[None]:
        """Turns what the disk refuses into one StoreError with a remedy."""
        try:
            yield
        except OSError as error:
            raise disk_error(error, self.root) from error

    # Inner parts

    def _drop_unused(self, sha256: str) -> int:
        """Deletes a file that no record names; the bytes that were freed."""
        if any(record.sha256 == sha256 for record in self._records()):
            return 0
        path = self.root / f"{sha256}.gguf"  # a symlink that leads outside is deleted, not followed
        try:
            status = path.lstat()
            path.unlink()
        except FileNotFoundError:
            return 0
        return status.st_size

    def _inside(self, *parts: str) -> Path:
        """The one place where paths are built: `parts` are checked names, and the result lies inside the store."""
        path = self.root.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError) as error:
            raise ModelRejected(f"{path} leads nowhere: {error}.", remedy="Delete it and pull again.") from error
        if not inside:
            raise ModelRejected(
                f"{path} is a link that leads out of the store.", remedy="Delete the link and pull again."
            )
        return path

    def _record_path(self, expert_id: str) -> Path:
        if not EXPERT_ID.fullmatch(expert_id):
            raise StoreError(f"{expert_id!r} is not an expert id (lower-case letters, digits, dot, dash, underscore).")
        return self._inside("records", f"{expert_id}.json")

    def _list(self, folder: str, pattern: str) -> list[Path]:
        with suppress(StoreError, OSError):
            return sorted(self._inside(folder).glob(pattern))
        return []

    def _records(self) -> Iterator[Record]:
        for expert_id in self.recorded_ids():
            with suppress(BadRecord, OSError, StoreError):
                yield read_record(self._record_path(expert_id))

    def _read(self, expert_id: str) -> Record:
        path = self._record_path(expert_id)
        try:
            return read_record(path)
        except (FileNotFoundError, NotADirectoryError):
            raise NotInstalled(f"{expert_id} is not installed.", remedy=_pull_again(expert_id)) from None
        except BadRecord as error:
            raise NotInstalled(
                f"the record of {expert_id} cannot be used: {path}: {error}.", remedy=_pull_again(expert_id)
            ) from error

    def _proven(self, expert_id: str, *, trust_memo: bool) -> Installed:
        installed = self.find(expert_id)
        record = self._read(expert_id)
        path, remedy = installed.path, _pull_again(expert_id)
        try:
            status = path.stat()
        except OSError as error:
            raise ModelRejected(f"{path} cannot be read: {error.strerror}.", remedy=remedy) from error
        if not stat.S_ISREG(status.st_mode):
            raise ModelRejected(f"{path} is not a regular file.", remedy=f"Delete it. {remedy}")
        if status.st_size != record.size:
            raise ModelRejected(f"{path} has {status.st_size} bytes, and {expert_id} has {record.size}.", remedy=remedy)
        if trust_memo and record.verified == Memo.of(status):
            return installed
        with _open_model(path, expert_id) as file:
            memo = Memo.of(os.fstat(file.fileno()))
            try:
                digest = hash_file(file)
            except OSError as error:
                raise ModelRejected(f"{path} cannot be read: {error.strerror}.", remedy=remedy) from error
        if digest != record.sha256:
            raise ModelRejected(f"{path} is damaged: its sha256 is {digest}.", remedy=remedy)
        with suppress(OSError):  # a read-only store works too, it only hashes more often
            write_record(self._record_path(expert_id), replace(record, verified=memo))
        return installed

    def _holds(self, path: Path, sha256: str, size: int) -> bool:
        try:
            with open_regular(path) as file:
                return os.fstat(file.fileno()).st_size == size and hash_file(file) == sha256
        except OSError:
            return False

    def _make_folders(self, *parts: str) -> None:
        make_private(self.root)
        if parts:
            self._inside(*parts).mkdir(mode=0o700, exist_ok=True)

    def _lock(self, name: str, waiting: Callable[[], None]) -> FileLock:
        with self.disk_errors():
            self._make_folders("locks")
        return FileLock(self._inside("locks", f"{name}.lock"), waiting)


def _open_model(path: Path, expert_id: str) -> BinaryIO:
    try:
        return open_regular(path)
    except OSError as error:
        if is_disk_error(error) and error.errno != errno.EACCES:
            raise
        raise ModelRejected(f"{path} cannot be read: {error}.", remedy=_pull_again(expert_id)) from error


def _installed(record: Record, path: Path) -> Installed:
    return Installed(
        record.expert, path, record.sha256, record.size, record.source, record.licence, dict(record.provenance)
    )


def _pull_again(expert_id: str) -> str:
    return f"Run `lsp-experts pull {expert_id}` (or carve it again, if it was carved here)."
