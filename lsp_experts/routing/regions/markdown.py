"""Markdown: fenced code and front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lsp_experts.routing.languages import language_named
from lsp_experts.routing.regions.quoting import bare
from lsp_experts.routing.regions.spot import Spot
from lsp_experts.syntax.tree import SyntaxTree

# What stands before a fence, the fence, and the first word behind it: "```go", "~~~ {.python}", "> ```{r name}".
_OPENING = re.compile(r"([ \t>]*(?:[-*+]|\d+[.)])?[ \t>]*)(`{3,}|~{3,})[ \t]*\{?\.?([\w+#.-]*)")
_LINE_END = re.compile(r"\r\n|\r|\n")


def fence(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """The lines between two fences; while one is missing, up to the next opening fence or the document's end."""
    text = tree.text
    first = text.rfind("\n", 0, tree.offset(node.start_byte) + 1) + 1
    opening = _OPENING.match(text, first)
    line_end = _LINE_END.search(text, opening.end()) if opening is not None else None
    if opening is None or line_end is None or not opening[3]:
        return
    start, mark = line_end.end(), opening[2]
    last = tree.offset(node.end_byte)
    again = re.compile(rf"^[ \t>]*{mark}(?P<info>[ \t]*[\w{{].*)?[ \t\r]*$", re.M).search(text, start, last)
    end = again.start() - 1 if again is not None else last
    if end > start and text[end - 1 : end + 1] == "\r\n":
        end -= 1
    if end >= start:
        stop = f"\n{mark}"
        margin = opening[1] if ">" in opening[1] else None
        yield Spot("fence", language_named(opening[3]), start, end, bare(mark), (stop,), marks=(mark,), margin=margin)


def front_matter(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """YAML between lines of ---, TOML between lines of +++."""
    start, end = tree.span(node)
    mark = tree.text[start : start + 3]
    first, last = tree.text.find("\n", start), tree.text.rfind(f"\n{mark}", start, end)
    if 0 <= first < last:
        language = "yaml" if mark == "---" else "toml"
        yield Spot("front", language, first + 1, last, bare(f"\n{mark}"), (f"\n{mark}",), margin="")
