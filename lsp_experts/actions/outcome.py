"""What comes of a code action, a task or a question. What cannot be done is an ActionRefused."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.completion.document import DocumentView


@dataclass(frozen=True)
class Change:
    """Replace `start` to `end` (code points) of the document `uri` by `new_text`, if it still has `version`.

    `version` None: a file that nobody has open; `expected` is then the text it was read with. `creates`: there is no
    such file yet. `label` tells the user what for.
    """

    uri: str
    start: int
    end: int
    new_text: str
    version: int | None = None
    expected: str = ""
    creates: bool = False
    label: str = ""

    @classmethod
    def of(cls, view: DocumentView, start: int, end: int, new_text: str, label: str = "") -> Change:
        """A change of what `view` shows, which is an open document or a file as it was read."""
        is_open = view.version >= 0
        version, expected = (view.version, "") if is_open else (None, view.text)
        return cls(view.uri, start, end, new_text, version, expected, label=label)


@dataclass(frozen=True)
class Edited:
    """Changes to propose, in one edit. `note`: what the user should know about how they were made."""

    label: str
    changes: tuple[Change, ...]
    note: str = ""
    confirm: bool = False  # the user has to say yes to each before any is applied


@dataclass(frozen=True)
class Told:
    """Something to read (Markdown), never an edit."""

    title: str
    text: str

    @classmethod
    def by(cls, expert: str, title: str, text: str) -> Told:
        """What an expert said, and that it may be wrong."""
        return cls(title, f"{text}\n\n*{expert}: a small model, which may be wrong.*")


Outcome = Edited | Told
