"""What files of the workspace say that are not open: a port, and its empty side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from lsp_experts.settings import Settings
from lsp_experts.syntax.definitions import Definition


@dataclass(frozen=True)
class WorkspaceFile:
    """A file that was read. `path` is relative to the workspace's folder, with "/"."""

    path: str
    uri: str
    language: str
    definitions: tuple[Definition, ...]


class Workspace(Protocol):
    """The folder that the user works in."""

    @property
    def name(self) -> str:
        """The folder's own name, "" where there is no folder."""
        ...

    @property
    def frameworks(self) -> Collection[str]:
        """What the folder's project files depend on, as far as they were read."""
        ...

    def path_of(self, uri: str) -> str:
        """The path of a document in the folder, "" outside of it."""
        ...

    def imported(self, uri: str) -> tuple[WorkspaceFile, ...]:
        """What the document imports, as `learn` saw it last: dependencies before those that need them."""
        ...

    async def learn(self, uri: str, language: str, text: str, languages: Collection[str], settings: Settings) -> bool:
        """Read what the document imports, and what that imports, in `languages`; whether something is new by it."""
        ...


class NoWorkspace:
    """No folder is open."""

    name = ""
    frameworks = ()

    def path_of(self, uri: str) -> str:
        """Nothing is inside."""
        return ""

    def imported(self, uri: str) -> tuple[WorkspaceFile, ...]:
        """Nothing is known."""
        return ()

    async def learn(self, uri: str, language: str, text: str, languages: Collection[str], settings: Settings) -> bool:
        """Nothing is read."""
        return False
