"""A document as a completion sees it: text at one version, and the lines round a cursor."""

from __future__ import annotations

from dataclasses import dataclass

_NEAR_CHARS = 4000  # a keystroke in a large file must not split all of it


@dataclass(frozen=True)
class DocumentView:
    """One version of an open document. `language` is the LSP language id the client sent.

    `earlier`: the cells before this one, where the document is a cell of a notebook. `left_out`: why its file is left
    alone whatever its own name and text are, "" if it is not.
    """

    uri: str
    language: str
    version: int
    text: str
    earlier: str = ""
    left_out: str = ""


@dataclass(frozen=True)
class Cursor:
    """A place in a text, in code points, with the line it stands on."""

    text: str
    offset: int

    @property
    def line_start(self) -> int:
        """Offset of the first character of the cursor's line."""
        return max(self.text.rfind("\n", 0, self.offset), self.text.rfind("\r", 0, self.offset)) + 1

    @property
    def line_end(self) -> int:
        """Offset of the line break that ends the cursor's line, or the text's end."""
        ends = [at for mark in "\r\n" if (at := self.text.find(mark, self.offset)) >= 0]
        return min(ends, default=len(self.text))

    @property
    def before(self) -> str:
        """The cursor's line left of the cursor."""
        return self.text[self.line_start : self.offset]

    @property
    def after(self) -> str:
        """The cursor's line right of the cursor."""
        return self.text[self.offset : self.line_end]

    @property
    def next_line(self) -> str:
        """The first line below the cursor's that is not blank, with its indentation; "" if none is near."""
        near = self.text[self.line_end : self.line_end + _NEAR_CHARS]
        return next((line for line in plain_newlines(near).split("\n") if line.strip()), "")


def plain_newlines(text: str) -> str:
    """`text` with \\n as its only line break: what models were trained on."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
