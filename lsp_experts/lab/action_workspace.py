"""A folder of documents for actions, in memory: all are open, nothing is read from a disk or written to it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from lsp_experts.actions.outcome import Change
from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused

FOLDER = "file:///workspace"
_LANGUAGES = {".py": "python", ".js": "javascript"}


class OpenTexts:
    """The port Files of actions over `texts`, by name in the folder."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = {f"{FOLDER}/{name}": text for name, text in texts.items()}

    @property
    def folder_uri(self) -> str:
        """See Files."""
        return FOLDER

    def open(self) -> Sequence[DocumentView]:
        """See Files."""
        return tuple(map(self.view, self.texts))

    def language_of(self, uri: str) -> str:
        """See Files."""
        return _LANGUAGES.get(posixpath.splitext(uri)[1], "plaintext")

    async def read(self, uri: str) -> DocumentView:
        """See Files."""
        if uri not in self.texts:
            raise ActionRefused(f"{uri} is not there.")
        return self.view(uri)

    async def writable(self, uri: str) -> bool:
        """See Files."""
        return True

    async def exists(self, uri: str) -> bool:
        """See Files."""
        return uri in self.texts

    async def named(self, name: str) -> tuple[str, ...]:
        """See Files."""
        return tuple(uri for uri in self.texts if uri.endswith(f"/{name}"))

    def view(self, uri: str) -> DocumentView:
        """A document of the folder."""
        return DocumentView(uri, self.language_of(uri), 1, self.texts[uri])

    def changed(self, changes: Sequence[Change]) -> dict[str, str]:
        """The texts with an action's changes; those that it makes, too."""
        texts = dict(self.texts)
        for change in sorted(changes, key=lambda each: -each.start):
            text = texts.get(change.uri, "")
            texts[change.uri] = text[: change.start] + change.new_text + text[change.end :]
        return texts
