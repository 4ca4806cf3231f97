"""Each file of an export is written whole or not at all, and over nothing that the user has not given up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.registry.disk import disk_error

_SHOWN = 3


def write_folder(folder: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write `files` below `folder`, each in one step once all are on disk; others in it stay.

    UsageError where one is there already, unless `force`; StoreError where the disk refuses.
    """
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not force:
        shown = ", ".join(there[:_SHOWN]) + (" ..." if len(there) > _SHOWN else "")
        raise UsageError(f"{folder} has {shown} already.", remedy="Name another folder with --out, or give --force.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
        try:
            for name, data in files.items():
                (staged / name).parent.mkdir(parents=True, exist_ok=True)
                (staged / name).write_bytes(data)
            for name in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (staged / name).replace(folder / name)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, folder) from error
