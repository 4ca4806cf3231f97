"""What comes of a code action, a task or a question. What cannot be done is an ActionRefused."""

from __future__ import annotations

from dataclasses import dataclass


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


Outcome = Edited | Told
