"""What actions may know of other documents: the open ones, and files of the workspace's folder. A port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lsp_experts.completion.document import DocumentView


class Files(Protocol):
    """Open documents and files by URI. Nothing outside the client's folder is read, nothing that holds secrets."""

    @property
    def folder_uri(self) -> str:
        """The client's folder, "" if it has none."""
        ...

    def open(self) -> Sequence[DocumentView]:
        """The open documents, the one that was used last first."""
        ...

    def language_of(self, uri: str) -> str:
        """The language that experts for this document are chosen by; an open one's is known, others go by name."""
        ...

    async def read(self, uri: str) -> DocumentView:
        """The open document, else the file (its version is -1 then).

        ActionRefused names the file and why: it is gone, no text, too large, outside the folder, ignored or secret.
        """
        ...

    async def writable(self, uri: str) -> bool:
        """Whether an edit of this document could be saved; a file that does not exist yet is, where its folder is."""
        ...

    async def exists(self, uri: str) -> bool:
        """Whether there is such a file in the folder, or such an open document."""
        ...

    async def named(self, name: str) -> tuple[str, ...]:
        """URIs of files in the folder that a user may mean by `name` (a path, its end, or a file's name), at most 8."""
        ...
