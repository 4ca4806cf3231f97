"""One record per installed expert: what it is, where it came from, and when its bytes were last proven."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_experts.registry.disk import open_regular

EXPERT_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")
SHA256 = re.compile(r"[0-9a-f]{64}")

_VERSION = 1
_MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True)
class Memo:
    """The state of a file at the moment its hash was right; while it holds, nothing is hashed again."""

    inode: int
    size: int
    mtime_ns: int

    @staticmethod
    def of(status: os.stat_result) -> Memo:
        """The memo that belongs to this stat."""
        return Memo(status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Record:
    """What the store remembers of one expert; `size` in bytes, `pulled_at` in ISO 8601, UTC."""

    expert: str
    sha256: str
    size: int
    source: str
    licence: str = ""
    pulled_at: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    verified: Memo | None = None


class BadRecord(Exception):
    """The record file is not one this version wrote; the text says why."""


def read_record(path: Path) -> Record:
    """The record in `path`; FileNotFoundError if there is none, BadRecord if it is not one."""
    try:
        with open_regular(path) as file:
            raw = file.read(_MAX_RECORD_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadRecord(str(error)) from error
    if len(raw) > _MAX_RECORD_BYTES:
        raise BadRecord("it is far too long")
    if not raw.strip():
        raise BadRecord("it is empty")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRecord("it is not JSON") from error
    record = _from_json(data)
    if record.expert != path.name.removesuffix(".json"):
        raise BadRecord(f"it speaks of {record.expert!r}")
    return record


def write_record(path: Path, record: Record) -> None:
    """Writes the record so that a reader sees the old or the new one, never a half; mode 0600."""
    data = {
        "version": _VERSION,
        "expert": record.expert,
        "sha256": record.sha256,
        "size": record.size,
        "source": record.source,
        "licence": record.licence,
        "pulled_at": record.pulled_at,
        "provenance": dict(record.provenance),
    }
    if record.verified is not None:
        memo = record.verified
        data["verified"] = {"inode": memo.inode, "size": memo.size, "mtime_ns": memo.mtime_ns}
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2, ensure_ascii=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _from_json(data: Any) -> Record:
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise BadRecord(f"it is not a record of version {_VERSION}")
    expert, sha256, size = data.get("expert"), data.get("sha256"), data.get("size")
    if not isinstance(expert, str) or not EXPERT_ID.fullmatch(expert):
        raise BadRecord("its expert id is not one")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise BadRecord("its sha256 is not one")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise BadRecord("its size is not one")
    provenance = data.get("provenance", {})
    if not isinstance(provenance, dict) or not all(isinstance(value, str) for value in provenance.values()):
        raise BadRecord("its provenance is not a table of texts")
    texts = {key: data.get(key, "") for key in ("source", "licence", "pulled_at")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise BadRecord("its source, licence or time is not a text")
    return Record(expert, sha256, size, provenance=provenance, verified=_memo(data.get("verified")), **texts)


def _memo(data: Any) -> Memo | None:
    """A memo that cannot be read is none: the file is then hashed again, which is right in every case."""
    if not isinstance(data, dict):
        return None
    values = [data.get(key) for key in ("inode", "size", "mtime_ns")]
    numbers = [value for value in values if isinstance(value, int)]
    return Memo(*numbers) if len(numbers) == len(values) else None
