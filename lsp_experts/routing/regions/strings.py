"""Strings of Python, Go and JavaScript that hold another language."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.routing.regions.quoting import Quoting, bare, go_string, js_template, python_string
from lsp_experts.routing.regions.said_about import language_of_string
from lsp_experts.routing.regions.spelling import Hole
from lsp_experts.routing.regions.spot import Spot
from lsp_experts.syntax.tree import SyntaxTree

_SEEN_CHARS = 2000  # how much of a string is looked at to say what it is
# While a string is not closed it takes the code below; lines that are surely code of the host end it.
_OPENERS: Mapping[str, tuple[str, ...]] = MappingProxyType({"python": ("string_start",), "go": ('"', "`")})
_CODE_GOES_ON: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "python": re.compile(r"^(?:def|class|async def|import|from \w+ import|@\w|if __name__)\b", re.M),
        "go": re.compile(r"^(?:func|package|import)\b|^type \w+ (?:struct|interface)\b|^}", re.M),
        "javascript": re.compile(r"^(?:function|export|import|async function|class)\b", re.M),
    }
)
_CLOSED_BY: Mapping[str, Quoting] = MappingProxyType({'"': go_string(), "`": bare("`")})
_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?=[\r\n])")
_LINE_REST = re.compile(r"([^\r\n]*?)[\s)\]},;]*(?=[\r\n]|\Z)")
_LINE_END = re.compile(r"[\r\n]")
_SUBSTITUTION = re.compile(r"\$\{[^{}]*\}")
_FIELD = re.compile(r"(?<!\{)\{[^{}]*\}")
_MOST_QUOTES = 40


def python(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """One string, or several that stand side by side."""
    parts = [node] if node.type == "string" else [child for child in node.children if child.type == "string"]
    if not parts or (node.type == "string" and node.parent is not None and node.parent.type == "concatenated_string"):
        return
    opener = tree.source(parts[0].children[0])
    if len({tree.source(part.children[0]) for part in parts}) > 1 or "b" in opener.lower() or opener.endswith("`"):
        return
    prefix = opener.rstrip("'\"")
    spans = [(tree.span(part)[0] + len(opener), tree.span(part)[1] - len(opener) + len(prefix)) for part in parts]
    seams = [Hole(one[1], other[0], held=False) for one, other in itertools.pairwise(spans)]
    held = [_hole(tree, child) for part in parts for child in part.children if child.type == "interpolation"]
    quoting = python_string(opener[len(prefix) :], prefix.lower())
    holes = tuple(sorted((*seams, *held), key=lambda hole: hole.start))
    yield from _spot(tree, tree.offset(node.start_byte), spans[0][0], spans[-1][1], quoting, holes)


def go(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """A raw or an interpreted string."""
    start, end = tree.span(node)
    yield from _spot(tree, start, start + 1, end - 1, _CLOSED_BY[tree.text[start]])


def javascript(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """A template literal, with a tag or without."""
    start, end = tree.span(node)
    holes = tuple(_hole(tree, child) for child in node.children if child.type == "template_substitution")
    yield from _spot(tree, start, start + 1, end - 1, js_template(), holes, tagged=True)


def open_string(tree: SyntaxTree, offset: int) -> Spot | None:
    """The string that was begun before `offset` and has no end, as while it is being typed."""
    text, at = tree.text, offset
    openers = _OPENERS.get(tree.language, ("`",))
    for _ in range(_MOST_QUOTES):
        at = max(text.rfind(quote, max(offset - _SEEN_CHARS, 0), at) for quote in "\"'`")
        node = tree.node_at(at, at + 1) if at >= 0 else None
        if node is None:
            return None
        if node.type in openers and node.parent is not None and node.parent.type == "ERROR":
            return next(_open_spot(tree, tree.source(node), tree.offset(node.end_byte), offset), None)
    return None


def _open_spot(tree: SyntaxTree, opener: str, start: int, offset: int) -> Iterator[Spot]:
    text = tree.text
    delimiter = opener.lstrip("rRfFbBuUtT")
    prefix = opener[: -len(delimiter)].lower()
    if tree.language == "python" and not delimiter.endswith(("'", '"')):
        return  # the backquotes of old
    if len(delimiter) == 3 or delimiter == "`":
        blank = _BLANK_LINE.search(text, offset)
        end = blank.start() if blank is not None else len(text)
    else:
        line = _LINE_REST.match(text, offset)
        end = line.end(1) if line is not None else offset
        if _LINE_END.search(text, start, offset):
            return
    quoting = python_string(delimiter, prefix) if tree.language == "python" else _CLOSED_BY[delimiter]
    template = delimiter == "`" and tree.language != "go"
    if template:
        quoting = js_template()
    substitution = _SUBSTITUTION if template else _FIELD if "f" in prefix else None
    content = substitution.finditer(text, start, end) if substitution is not None else ()
    holes = tuple(Hole(hole.start(), hole.end(), hole[0]) for hole in content)
    yield from _spot(tree, start - len(opener), start, end, quoting, holes, tagged=template)


def _spot(
    tree: SyntaxTree,
    opened: int,
    start: int,
    end: int,
    quoting: Quoting,
    holes: tuple[Hole, ...] = (),
    *,
    tagged: bool = False,
) -> Iterator[Spot]:
    language = language_of_string(tree.text, opened, tree.text[start : min(end, start + _SEEN_CHARS)], tagged=tagged)
    if not language:
        return
    if language == "sql":
        goes_on = _CODE_GOES_ON.get(tree.language, _CODE_GOES_ON["javascript"]).search(tree.text, start, end)
        end = goes_on.start() if goes_on is not None else end
        holes = tuple(hole for hole in holes if hole.end <= end)
    yield Spot(language, language, start, end, quoting, (quoting.closing,), holes, ('"', "'", "`"))


def _hole(tree: SyntaxTree, node: Node) -> Hole:
    start, end = tree.span(node)
    return Hole(start, end, tree.text[start:end].replace("\r\n", "\n").replace("\r", "\n"))
