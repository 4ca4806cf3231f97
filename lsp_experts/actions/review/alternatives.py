"""What else could stand where a word is suspected: names, operators, numbers, negations, swapped arguments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.actions.review.mutations import NEGATIONS, OPERATORS, WORDS, other_numbers
from lsp_experts.actions.review.words import Word
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.names import attributes_at, names_at
from lsp_experts.syntax.tree import SyntaxTree

MOST_NAMES = 8  # each costs a few tokens of the expert's time
_MOST_ARGUMENTS_CHARS = 100
_MOST_STEPS = 40  # of SyntaxTree.imagined
_NEAR_LEVELS = 4  # from a word up to the argument or the condition that it begins
_CONDITIONS = ("condition", "left", "right")


@dataclass(frozen=True)
class Alternative:
    """`start` to `end` of the text might have been meant to read `text`."""

    start: int
    end: int
    text: str
    kind: str  # "name", "operator", "word", "number", "negation", "arguments"


def alternatives(tree: SyntaxTree, word: Word, uses: Mapping[str, frozenset[str]]) -> tuple[Alternative, ...]:
    """What could stand there instead, without new syntax errors. `uses` as `uses_of` gives them."""
    found = dict.fromkeys(_all(tree, word, uses))
    return tuple(each for each in found if not breaks(tree, each))


def uses_of(words: Sequence[Word]) -> Mapping[str, frozenset[str]]:
    """For each name the ways in which it stands in the text."""
    found: dict[str, set[str]] = {}
    for word in words:
        if word.kind == "name":
            found.setdefault(word.text, set()).add(word.use)
    return {name: frozenset(uses) for name, uses in found.items()}


def _all(tree: SyntaxTree, word: Word, uses: Mapping[str, frozenset[str]]) -> Iterator[Alternative]:
    start, end, text = word.start, word.end, word.text
    for other in (*OPERATORS.get(text, ()), *WORDS.get(text, ())):
        yield Alternative(start, end, other, word.kind)
    for other in other_numbers(text):
        yield Alternative(start, end, other, "number")
    if text in NEGATIONS:
        blank = 1 if tree.text[end : end + 1] == " " else 0
        yield Alternative(start, end + blank, "", "negation")
    if word.kind != "name":
        return
    for name in _names(tree, word, uses):
        yield Alternative(start, end, name, "name")
    node = tree.node_at(start, end)
    if node is not None:
        yield from swapped(tree, node)
        yield from negated(tree, node, word)


def _names(tree: SyntaxTree, word: Word, uses: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Names that could stand there, those that are used alike elsewhere first, the nearest first."""
    known = attributes_at(tree, word.end) or names_at(tree, word.start)
    others = [name for name in known if name != word.text]
    others.sort(key=lambda name: word.use not in uses.get(name, frozenset()))
    return tuple(others[:MOST_NAMES])


def swapped(tree: SyntaxTree, node: Node) -> Iterator[Alternative]:
    """The argument that the word begins, exchanged with its neighbours in the same line."""
    argument, above = node, node.parent
    for _ in range(_NEAR_LEVELS):
        if above is None or "argument" in above.type or above.start_byte != node.start_byte:
            break
        argument, above = above, above.parent
    if above is None or "argument" not in above.type:
        return
    arguments = [child for child in above.named_children if "comment" not in child.type]
    at = next((index for index, child in enumerate(arguments) if child == argument), None)
    if at is None:
        return
    for first in (at - 1, at):
        if first >= 0 and first + 1 < len(arguments):
            (start, left_end), (right, end) = (tree.span(each) for each in arguments[first : first + 2])
            one, two = tree.text[start:left_end], tree.text[right:end]
            if one != two and "\n" not in tree.text[start:end] and end - start <= _MOST_ARGUMENTS_CHARS:
                yield Alternative(start, end, two + tree.text[left_end:right] + one, "arguments")


def negated(tree: SyntaxTree, node: Node, word: Word) -> Iterator[Alternative]:
    """The condition that the word begins, denied."""
    mark = "not " if tree.language in ("python", "lua", "ruby", "elixir") else "!"
    before = tree.text[: word.start].rstrip(" (")
    begins = before.endswith(("if", "while", "unless", "and", "or", "&&", "||", "return"))
    if begins and not before.endswith(NEGATIONS):
        yield Alternative(word.start, word.end, mark + word.text, "negation")


def breaks(tree: SyntaxTree, alternative: Alternative) -> bool:
    """Whether it makes new syntax errors."""
    root = tree.root
    if root is None:
        return False
    text = tree.text
    imagined = tree.imagined(text[: alternative.start] + alternative.text + text[alternative.end :], _MOST_STEPS)
    return imagined is None or error_count(imagined) > error_count(root)
