"""The HTML page that a command writes beside what it prints."""

from __future__ import annotations

from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.registry.disk import replace_private


def check_page(file: Path | None) -> None:
    """UsageError, before anything is measured, for a page that has no folder to be in, or would replace no file."""
    if file is None:
        return
    try:
        if not file.parent.is_dir():
            raise UsageError(f"{file} cannot be written: there is no such folder.", remedy="Name another file.")
        if file.exists() and not file.is_file():
            raise UsageError(f"{file} is a folder or a device.", remedy="Give the name of a file for the report.")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}).", remedy="Name another file.") from None


def write_page(file: Path, page: str) -> None:
    """Write it whole. UsageError where the disk refuses: the file is the user's own, not of our folders."""
    try:
        replace_private(file, page)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written ({error.strerror or error}).",
            remedy="The same command, with another file, measures nothing again.",
        ) from None
