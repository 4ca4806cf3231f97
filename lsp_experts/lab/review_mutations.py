"""Self-made slips: one word of a file changed so that the syntax stays right and the meaning does not. Pure, seeded.

They come from the table that a review takes its alternatives from (actions/review/mutations.py), so what a review finds
of them is an upper bound of what it finds of people's slips. One thing is harder: a wrong name is drawn from all names
in scope that are used alike, of which a review tries only the nearest.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_experts.actions.review.alternatives import Alternative, breaks, negated, swapped, uses_of
from lsp_experts.actions.review.mutations import NEGATIONS, OPERATORS, WORDS, other_numbers
from lsp_experts.actions.review.words import Word, words
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.syntax.names import attributes_at, names_at
from lsp_experts.syntax.tree import SyntaxTree

KINDS = ("variable", "operator", "constant", "arguments", "negation")
_TRIED_WORDS = 150  # of a file for one kind
_OPERATORS = frozenset(
    {"<", "<=", ">", ">=", "==", "!=", "===", "!==", "+", "-", "&&", "||", "and", "or"}
)  # assignments and bits are rarer slips
_NOBODY_MISTAKES = frozenset({"self", "this", "cls", "super", "_"})
# A swap that means the same: of keyword arguments, or in a call for which the order does not count.
_NAMED_ARGUMENT = re.compile(r"(?:^|,)\s*\w+\s*[:=](?!=)")
_ANY_ORDER = re.compile(r"(?:\b(?:min|max|gcd|lcm|union|intersection)|equals?)\($", re.IGNORECASE)


@dataclass(frozen=True)
class Mutation:
    """`start` to `end` of the file's text now reads `text`."""

    kind: str
    start: int
    end: int
    text: str

    def applied(self, text: str) -> str:
        """The file with the slip in it."""
        return text[: self.start] + self.text + text[self.end :]

    @property
    def now(self) -> tuple[int, int]:
        """Where the slip stands in that."""
        return self.start, self.start + len(self.text)


def mutations(files: Sequence[SourceFile], rng: random.Random) -> Iterator[tuple[SourceFile, Mutation]]:
    """Mutations without end in sight, each alone in its file: files and kinds take turns. No word is changed twice."""
    mutators = [_Mutator(file, rng) for file in files]
    while mutators:
        for mutator in tuple(mutators):
            found = mutator.next()
            if found is None:
                mutators.remove(mutator)
            else:
                yield mutator.file, found


class _Mutator:
    """One file; it is parsed when it is first asked."""

    def __init__(self, file: SourceFile, rng: random.Random) -> None:
        self.file, self._rng = file, rng
        self._kinds = rng.sample(KINDS, len(KINDS))
        self._tree: SyntaxTree | None = None
        self._words: list[Word] = []
        self._used: set[int] = set()

    def next(self) -> Mutation | None:
        """The next one, of the kind whose turn it is if the file has a place for it."""
        if self._tree is None:
            self._tree = SyntaxTree(self.file.language, self.file.text)
            known = words(self._tree)
            self._uses = uses_of(known)
            self._words = [word for word in known if word.suspicious]
        for kind in tuple(self._kinds):
            found = self._of(self._tree, kind)
            if found is not None:
                self._kinds.remove(kind)
                self._kinds.append(kind)
                return found
            self._kinds.remove(kind)  # the file has no more of it
        return None

    def _of(self, tree: SyntaxTree, kind: str) -> Mutation | None:
        able = [word for word in self._words if word.start not in self._used and word.kind in _STANDS_IN[kind]]
        for word in self._rng.sample(able, min(len(able), _TRIED_WORDS)):
            others = [each for each in self._others(tree, kind, word) if not breaks(tree, each)]
            if others:
                chosen = self._rng.choice(others)
                self._used.add(word.start)
                return Mutation(kind, chosen.start, chosen.end, chosen.text)
        return None

    def _others(self, tree: SyntaxTree, kind: str, word: Word) -> Iterator[Alternative]:
        node = tree.node_at(word.start, word.end)
        if kind == "variable":
            found = self._names(tree, word)
            yield from (Alternative(word.start, word.end, name, "name") for name in found)
        elif kind == "operator" and word.text in _OPERATORS:
            others = OPERATORS.get(word.text) or WORDS[word.text]
            yield from (Alternative(word.start, word.end, other, "operator") for other in others)
        elif kind == "constant":
            near = [each for each in other_numbers(word.text) if abs(int(each) - int(word.text)) == 1]
            yield from (Alternative(word.start, word.end, each, "number") for each in near)
        elif kind == "arguments" and node is not None:
            for each in swapped(tree, node):
                before, between = tree.text[: each.start], tree.text[each.start : each.end]
                if not _ANY_ORDER.search(before) and not _NAMED_ARGUMENT.search(between):
                    yield each
        elif kind == "negation" and word.text in NEGATIONS:
            blank = tree.text[word.end : word.end + 1] == " "
            yield Alternative(word.start, word.end + blank, "", "negation")
        elif kind == "negation" and node is not None and word.kind == "name":
            yield from negated(tree, node, word)

    def _names(self, tree: SyntaxTree, word: Word) -> list[str]:
        """One other name in scope that stands elsewhere as this one does here."""
        known = attributes_at(tree, word.end) or names_at(tree, word.start)
        other = {word.text, *_NOBODY_MISTAKES}
        alike = [name for name in known if name not in other and word.use in self._uses.get(name, frozenset())]
        return [self._rng.choice(alike)] if alike and word.text not in _NOBODY_MISTAKES else []


_STANDS_IN = {
    "variable": ("name",),
    "operator": ("operator", "word"),
    "constant": ("number",),
    "arguments": ("name",),
    "negation": ("name", "operator", "word"),
}
