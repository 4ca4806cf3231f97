"""Places, jobs and files for tests of actions: data in, data out."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from actions.scripted import ScriptedGenerator
from cursor import MARK

from lsp_experts.actions.action import Action, Job
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place, Problem
from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.tree import SyntaxTree

FOLDER = "file:///w"
_LANGUAGES = {".py": "python", ".go": "go", ".js": "javascript", ".ts": "typescript", ".rs": "rust", ".rb": "ruby"}


def split_selection(marked: str) -> tuple[str, int, int]:
    """(text, start, end) of a source with one cursor mark, or two round a selection."""
    start = marked.index(MARK)
    text = marked.replace(MARK, "", 1)
    end = text.find(MARK)
    if end < 0:
        return text, start, start
    text = text.replace(MARK, "", 1)
    assert MARK not in text, "two marks at most"
    return text, start, end


def place(
    language: str,
    marked: str,
    *,
    uri: str = f"{FOLDER}/a",
    version: int = 1,
    origin: int = 0,
    problems: Sequence[str | Problem] = (),
) -> Place:
    """The place of a marked source; a problem given as a text lies on the selection."""
    text, start, end = split_selection(marked)
    found = tuple(Problem(start, end, each) if isinstance(each, str) else each for each in problems)
    view = DocumentView(uri, language, version, text)
    return Place(view, SyntaxTree(language, text), language, start, end, origin, found)


def job(
    at: Place,
    generator: ScriptedGenerator,
    *,
    data: Mapping[str, Any] | None = None,
    files: Files | None = None,
    progress: Callable[[str], None] = lambda sentence: None,
) -> Job:
    """One run of an action there."""
    return Job(at, data or {}, files or ScriptedFiles(), generator, progress)


async def run(action: Action, at: Place, generator: ScriptedGenerator, *, files: Files | None = None) -> Outcome:
    """What comes of the action's first offer there."""
    files = files or ScriptedFiles()
    offer = action.offers(at, files)[0]
    return await action.run(job(at, generator, data=offer.data, files=files))


def titles(action: Action, at: Place, files: Files | None = None) -> list[str]:
    """What the action offers there."""
    return [offer.title for offer in action.offers(at, files or ScriptedFiles())]


def applied(text: str, outcome: Outcome, uri: str = f"{FOLDER}/a") -> str:
    """`text` with the outcome's changes of that document."""
    assert isinstance(outcome, Edited)
    return with_changes(text, [change for change in outcome.changes if change.uri == uri])


def with_changes(text: str, changes: Sequence[Change]) -> str:
    """`text` with these changes, as a client applies them: all count in the text as it was."""
    ordered = sorted(changes, key=lambda change: change.start)
    assert all(one.end <= two.start for one, two in pairwise(ordered)), "changes overlap"
    for change in reversed(ordered):
        assert 0 <= change.start <= change.end <= len(text)
        text = text[: change.start] + change.new_text + text[change.end :]
    return text


class ScriptedFiles(Files):
    """The port over texts by path in the folder; `opened` are open (the last used first), `locked` cannot be saved."""

    def __init__(
        self,
        texts: Mapping[str, str] | None = None,
        *,
        opened: Sequence[str] = (),
        locked: Sequence[str] = (),
        folder_uri: str = FOLDER,
    ) -> None:
        self.texts = {f"{folder_uri}/{path}": text for path, text in (texts or {}).items()}
        self._opened = [f"{folder_uri}/{path}" for path in opened]
        self._locked = {f"{folder_uri}/{path}" for path in locked}
        self._folder_uri = folder_uri

    @property
    def folder_uri(self) -> str:
        """The folder."""
        return self._folder_uri

    def open(self) -> Sequence[DocumentView]:
        """The open ones."""
        return [self._view(uri) for uri in self._opened]

    def language_of(self, uri: str) -> str:
        """By the name's ending."""
        return _LANGUAGES.get(posixpath.splitext(uri)[1], "plaintext")

    async def read(self, uri: str) -> DocumentView:
        """The text; refused where there is none."""
        if uri not in self.texts:
            raise ActionRefused(f"{uri} is not there.")
        return self._view(uri)

    async def writable(self, uri: str) -> bool:
        """Unless it is locked."""
        return uri not in self._locked

    async def exists(self, uri: str) -> bool:
        """Whether it has a text."""
        return uri in self.texts

    async def named(self, name: str) -> tuple[str, ...]:
        """Those whose path is it or ends with it."""
        return tuple(uri for uri in self.texts if uri.endswith(f"/{name}"))[:8]

    def _view(self, uri: str) -> DocumentView:
        version = 1 if uri in self._opened else -1
        return DocumentView(uri, self.language_of(uri), version, self.texts[uri])
