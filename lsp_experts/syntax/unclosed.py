"""A text that is being typed, with the blocks round a place closed: the tree of what it will be."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.syntax.blocks import opened_by
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.lines import columns, line_break, line_round
from lsp_experts.syntax.scope import missing_close
from lsp_experts.syntax.tree import SyntaxTree

_MOST_LINES = 200  # looked at on each side


@dataclass(frozen=True, eq=False)
class Closed:
    """A tree whose text has more than the document's: what was added, in order, as (where, how much)."""

    tree: SyntaxTree
    added: tuple[tuple[int, int], ...] = ()

    def there(self, offset: int) -> int:
        """Where an offset of the document is in the closed text."""
        for at, count in self.added:
            offset += count if offset > at else 0
        return offset

    def back(self, offset: int) -> int:
        """Where an offset of the closed text is in the document."""
        for at, count in reversed(self.added):
            offset = offset if offset <= at else max(at, offset - count)
        return offset

    def is_added(self, offset: int) -> bool:
        """Whether what stands at an offset of the closed text is not in the document."""
        return self.there(self.back(offset)) != offset


def closed_at(tree: SyntaxTree, offset: int) -> Closed:
    """`tree` with what the blocks round `offset` and inside those lack to be closed; the same tree where they lack
    nothing, or where closing them makes it worse. Indentation says where a block ends.
    """
    text, added = tree.text, []
    for start, end in reversed(_lines_of_block(text, offset)):
        opened = opened_by(text[start:end], tree.language)
        if not opened:
            continue
        close_at, closers, _ = missing_close(text, start, end, text[start:end], opened, 0, tree.language)
        if close_at < 0:
            continue
        at = _block_end(text, end, close_at, offset)
        new = line_break(text, offset) + " " * close_at + closers[0]
        text = text[:at] + new + text[at:]
        added.append((at, len(new)))
    grown = tree.copy()
    grown.update(text)
    if not added or tree.root is None or grown.root is None or error_count(grown.root) > error_count(tree.root):
        return Closed(tree)
    return Closed(grown, tuple(added))


def _lines_of_block(text: str, offset: int) -> list[tuple[int, int]]:
    """The lines, without blank ones, of the outermost block that `offset` is in, from the one that opens it."""
    lines: list[tuple[int, int]] = []
    start, end = line_round(text, offset)
    least: int | None = None
    for _ in range(_MOST_LINES):
        line = text[start:end]
        if line.strip():
            lines.insert(0, (start, end))
            least = columns(line) if least is None else min(least, columns(line))
        if not start or least == 0:
            break
        start, end = line_round(text, start - 1)
    _, end = line_round(text, offset)
    for _ in range(_MOST_LINES):
        if end >= len(text):
            break
        start, end = line_round(text, end + (2 if text.startswith("\r\n", end) else 1))
        line = text[start:end]
        if line.strip() and columns(line) <= (least or 0):
            break
        if line.strip():
            lines.append((start, end))
    return lines


def _block_end(text: str, header_end: int, close_at: int, cursor: int) -> int:
    """Where the block of a header ends: behind the last line that is deeper than its closer, and behind the cursor in
    an empty line.
    """
    found = end = header_end
    for _ in range(_MOST_LINES):
        if end >= len(text):
            break
        start, end = line_round(text, end + (2 if text.startswith("\r\n", end) else 1))
        line = text[start:end]
        if line.strip() and columns(line) <= close_at:
            break
        if line.strip() or columns(line) > close_at or (start <= cursor <= end and not line):
            found = end
    return found
