"""Documents that are left alone for what the disk says of their file: its other names, and what ignore files say.

Asked when a document is opened or saved, not with each key: a few dozen looks at names and times of files.
"""

from __future__ import annotations

import os
from pathlib import Path

from lsp_experts.completion.exclusion import excluded
from lsp_experts.server.workspace_folder import WorkspaceFolder, folder_of, hard_links
from lsp_experts.settings import Settings

_ON_DISK = ("file:", "vscode-notebook-cell:")  # schemes whose path is one of this machine's


class LeftOut:
    """For the client's folder, "" where it has none: then only names count."""

    def __init__(self, folder_uri: str) -> None:
        folder = folder_of(folder_uri)
        self._folder = WorkspaceFolder(folder) if folder is not None else None

    def why(self, uri: str) -> str:
        """ "secrets file" where a link hides such a name, "ignored file" where an ignore file names it, else ""."""
        if not uri.startswith(_ON_DISK):
            return ""
        try:
            at = folder_of("file:" + uri.partition(":")[2])
            real = Path(os.path.realpath(at)) if at is not None else Path()
            top = self._folder.path if self._folder is not None else real.parent
            if any(_is_secret(name) for name in (real, *hard_links(real, top))):
                return "secrets file"
            return "ignored file" if self._is_ignored(uri, real) else ""
        except (OSError, ValueError):  # a name that no file can have, or nothing there yet
            return ""

    def _is_ignored(self, uri: str, real: Path) -> bool:
        folder = self._folder
        if folder is None:
            return False
        paths = {folder.path_of(uri), folder.path_of(real.as_uri())} - {""}
        return any(folder.ignored_by(path) for path in paths)


def _is_secret(path: Path) -> bool:
    return excluded(path.as_uri(), "", Settings()) != ""
