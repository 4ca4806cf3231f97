"""What a code action sees: a document's version, its tree, the selection, and what other servers say of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lsp_experts.completion.document import DocumentView
from lsp_experts.syntax.functions import Function, function_at
from lsp_experts.syntax.tree import SyntaxTree


@dataclass(frozen=True)
class Problem:
    """A diagnostic that the client sent along; offsets count in the place's text."""

    start: int
    end: int
    message: str
    source: str = ""  # which server found it
    code: str = ""
    replacement: str | None = None  # what a review of ours found to fit better there


@dataclass(frozen=True, eq=False)
class Place:
    """A selection (`start` == `end`: a cursor) in a document, or in a region that stands in it letter for letter.

    All offsets are code points of `text`; `origin` is where that begins in the document.
    """

    view: DocumentView
    tree: SyntaxTree  # of `text`; nobody changes it any more
    language: str  # the one that experts are chosen by
    start: int
    end: int
    origin: int = 0
    problems: tuple[Problem, ...] = ()  # those that the selection touches

    @property
    def text(self) -> str:
        """The document's text, or the region's."""
        return self.tree.text

    @property
    def selected(self) -> str:
        """What is selected."""
        return self.text[self.start : self.end]

    @cached_property
    def function(self) -> Function | None:
        """The function that is selected, or that the selection is in; every action of a menu asks for it."""
        return function_at(self.tree, self.start, self.end)

    @property
    def lines(self) -> tuple[int, int]:
        """From the start of the first selected line to the end of the last one, its line break left out.

        A line of which nothing is selected but its start is not selected.
        """
        start = self.line_start(self.start)
        end = self.end - 1 if self.end > self.start and self.text[self.end - 1] == "\n" else self.end
        found = self.text.find("\n", end)
        end = len(self.text) if found < 0 else found
        return start, end - 1 if end > start and self.text[end - 1] == "\r" else end

    def line_start(self, offset: int) -> int:
        """Where the line of `offset` begins."""
        return self.text.rfind("\n", 0, offset) + 1
