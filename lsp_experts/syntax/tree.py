"""The syntax tree of a text that changes: each new version is applied as one edit, and only what it touches is read
again.

All offsets are code points, as everywhere in this package; tree-sitter counts bytes.
"""

from __future__ import annotations

import bisect
import itertools

from tree_sitter import Node, Parser, Tree

from lsp_experts.syntax.difference import common_head, common_tail
from lsp_experts.syntax.grammars import grammar, grammar_name

# A first parse takes 0.3 s for a megabyte, a change beside a syntax error up to a third of that, and both hold the
# interpreter's lock; a longer text gets no tree.
MAX_CHARS = 100_000
_CHUNK_BYTES = 4096
_MARK_CHARS = 1024  # so many are counted at most to find a code point's byte


class _TooLong(Exception):
    """A parse took more steps than it may."""


class SyntaxTree:
    """The tree of one document or region. Made and asked in one thread.

    Nothing is parsed before `root` is asked for, and then once for all changes since it was asked last.
    """

    def __init__(self, language: str, text: str = "") -> None:
        self.language = language  # as routing names it
        self.text = text
        name = grammar_name(language)
        self._parser = Parser(grammar(name)) if name else None
        self._parsed: tuple[str, bytes, Tree] | None = None
        self._marked: tuple[str, list[int]] | None = None

    def update(self, text: str) -> None:
        """The text is this one now."""
        self.text = text

    def copy(self) -> SyntaxTree:
        """A tree of the same text that goes its own way; nothing is parsed again for it."""
        copied = SyntaxTree(self.language, self.text)
        copied._parsed = self._parsed  # never changed, only replaced
        return copied

    @property
    def root(self) -> Node | None:
        """The root of the tree of `text`; None without a grammar, and for a text that is too long."""
        if self._parser is None or len(self.text) > MAX_CHARS:
            self._parsed = None
            return None
        if self._parsed is None or self._parsed[0] != self.text:
            self._parsed = self._read(self.text)
        return self._parsed[2].root_node

    def imagined(self, text: str, most_steps: int = 0) -> Node | None:
        """The root that `text` would have; the tree stays as it is. None where `root` is None.

        None too where that takes more than `most_steps` (0: no limit) of a hundred parser operations, some 0.2 ms each.
        What is well-formed takes few: a broken text may have to be parsed whole.
        """
        if self.root is None or len(text) > MAX_CHARS:
            return None
        try:
            return self._read(text, most_steps)[2].root_node
        except _TooLong:
            return None

    def node_at(self, start: int, end: int | None = None) -> Node | None:
        """The smallest node that spans `start` to `end` (default: `start`)."""
        root = self.root
        if root is None:
            return None
        return root.descendant_for_byte_range(self.byte(start), self.byte(start if end is None else end))

    def span(self, node: Node) -> tuple[int, int]:
        """Where a node of `root` begins and ends."""
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def source(self, node: Node) -> str:
        """The text of a node of `root`."""
        start, end = self.span(node)
        return self.text[start:end]

    def byte(self, offset: int) -> int:
        """The byte at which the code point at `offset` begins, in what tree-sitter sees."""
        if self.text.isascii():
            return offset
        marks = self._marks
        mark = min(max(0, offset) // _MARK_CHARS, len(marks) - 1)
        return marks[mark] + len(_encoded(self.text[mark * _MARK_CHARS : offset]))

    def offset(self, byte: int) -> int:
        """The code point at `byte`."""
        if self.text.isascii():
            return byte
        marks = self._marks
        mark = max(0, bisect.bisect_right(marks, byte) - 1)
        return mark * _MARK_CHARS + len(self._source[marks[mark] : byte].decode("utf-8", "replace"))

    @property
    def _marks(self) -> list[int]:
        """The byte at which each stretch of _MARK_CHARS code points begins."""
        text = self.text
        if self._marked is None or self._marked[0] is not text:
            ends = range(_MARK_CHARS, len(text), _MARK_CHARS)
            lengths = (len(_encoded(text[end - _MARK_CHARS : end])) for end in ends)
            self._marked = text, list(itertools.accumulate(lengths, initial=0))
        return self._marked[1]

    @property
    def _source(self) -> bytes:
        if self._parsed is not None and self._parsed[0] == self.text:
            return self._parsed[1]
        return _encoded(self.text)

    def _read(self, text: str, most_steps: int = 0) -> tuple[str, bytes, Tree]:
        if self._parser is None:
            raise ValueError("there is no grammar")
        source = _encoded(text)
        if self._parsed is None:
            return text, source, self._parser.parse(source)
        before, _, known = self._parsed
        tree = known.copy()
        head = common_head(before, text)
        tail = common_tail(before, text, min(len(before), len(text)) - head)
        old_end, new_end = len(before) - tail, len(text) - tail
        tree.edit(
            _byte(before, head),
            _byte(before, old_end),
            _byte(text, new_end),
            _point(before, head),
            _point(before, old_end),
            _point(text, new_end),
        )
        if not most_steps:
            return text, source, self._parser.parse(source, tree)
        return text, source, self._parsed_within(most_steps, source, tree)

    def _parsed_within(self, most_steps: int, source: bytes, tree: Tree) -> Tree:
        if self._parser is None:
            raise ValueError("there is no grammar")
        steps = itertools.count(1)
        try:
            return self._parser.parse(
                lambda byte, _: source[byte : byte + _CHUNK_BYTES],
                tree,
                progress_callback=lambda *_: next(steps) > most_steps,
            )
        except ValueError as error:  # the only sign of a parse that was halted
            self._parser.reset()
            raise _TooLong from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _byte(text: str, offset: int) -> int:
    return offset if text.isascii() else len(_encoded(text[:offset]))


def _point(text: str, offset: int) -> tuple[int, int]:
    line = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset), len(_encoded(text[line:offset]))
