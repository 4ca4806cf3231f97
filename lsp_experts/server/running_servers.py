"""Which servers run on this machine, by the files they keep (status_file.py)."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from lsp_experts.registry.disk import open_regular

_MAX_BYTES = 1 << 20
_CLOCK_SLACK_S = 2.0  # between a process's start and a file's time; file systems round to as much
_NAME = re.compile(r"([1-9][0-9]{0,9})\.json")
_UNFINISHED = re.compile(r"\.([1-9][0-9]{0,9})\.json\..*\.new")  # what a killed server did not get to its name


def running_servers(folder: Path) -> list[dict[str, Any]]:
    """What every server that runs wrote last, by process id.

    What is broken or another user's is left out; a file whose process is gone is deleted.
    """
    found: dict[int, dict[str, Any]] = {}
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError, ValueError, RecursionError):
                if name := _NAME.fullmatch(path.name):
                    found |= _read(path, int(name[1]))
                elif (name := _UNFINISHED.fullmatch(path.name)) and not _wrote(int(name[1]), path.lstat().st_mtime):
                    path.unlink()
    return [found[process_id] for process_id in sorted(found)]


def _read(path: Path, process_id: int) -> dict[int, dict[str, Any]]:
    with open_regular(path) as file:
        facts = os.fstat(file.fileno())
        data = file.read(_MAX_BYTES + 1)
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        return {}
    if not _wrote(process_id, facts.st_mtime):
        path.unlink()
        return {}
    status = json.loads(data) if len(data) <= _MAX_BYTES else None
    return {process_id: {**status, "pid": process_id}} if isinstance(status, dict) else {}


def _wrote(process_id: int, written_s: float) -> bool:
    """Does the process run that wrote at this time (seconds since the epoch)? Its number may be another's by now."""
    try:
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= written_s + _CLOCK_SLACK_S
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # it cannot be looked at, so it is there
        return True
