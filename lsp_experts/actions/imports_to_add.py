"""Imports that new code needs and the text it goes into lacks. Only sure cases: a file that imports itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.syntax.lines import line_break, line_round
from lsp_experts.syntax.tree import SyntaxTree

IMPORTS = frozenset(
    {
        "future_import_statement", "import_declaration", "import_from_statement", "import_header", "import_statement",
        "namespace_use_declaration", "preproc_include", "use_declaration",
    }
)  # fmt: skip
_MOST_HEADS = 50  # with the comments between them
HEADS = frozenset({"hash_bang_line", "package_clause", "package_declaration", "package_header", "php_tag"})
_GO_PATH = re.compile(r'(?:[\w.]+ )?"[^"\n]+"')
_GO_IMPORT = re.compile(rf"import {_GO_PATH.pattern}")
# Packages that ship with a language and that code names where it uses them, by the name it uses.
_STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "go": "bytes errors fmt math os reflect regexp slices sort strconv strings sync time unicode",
        "python": "collections datetime functools itertools json math os pytest random re string sys time",
    }
)


def standing_imports(tree: SyntaxTree) -> tuple[Node, ...]:
    """The imports at the top level of the text."""
    root = tree.root
    return tuple(node for node in root.named_children if node.type in IMPORTS) if root is not None else ()


def parted(language: str, code: str) -> tuple[tuple[str, ...], str]:
    """(imports, the rest) of code that is a whole file; what else only heads a file (its package) is left out."""
    tree = SyntaxTree(language, code)
    if tree.root is None:
        return (), code
    imports: list[str] = []
    rest, at = "", 0
    for node in tree.root.named_children:
        if node.type in IMPORTS | HEADS:
            start, end = tree.span(node)
            rest, at = rest + code[at:start], end
            if node.type in IMPORTS:
                said = code[start:end].strip()
                imports += (
                    [f"import {each}" for each in _GO_PATH.findall(said.removeprefix("import"))]
                    if language == "go"
                    else [said]
                )
    return tuple(imports), (rest + code[at:]).strip("\n").lstrip(";\n")


def used_standard(tree: SyntaxTree, code: str, imports: Sequence[str] = ()) -> tuple[str, ...]:
    """The imports of the language's own packages that `code` uses and neither the text of `tree` nor `imports` has."""
    standing = "\n".join((*imports, *(tree.source(each) for each in standing_imports(tree))))
    lacking = []
    for name in _STANDARD.get(tree.language, "").split():
        used = re.search(rf"(?<![\w.\"']){name}\.[A-Za-z]", code)
        bound = re.search(rf"\b{name}\b\s*(?::=|=|,|in\b)", code)
        if used and not bound and not re.search(rf"\b{name}\b", standing):
            lacking.append(f'import "{name}"' if tree.language == "go" else f"import {name}")
    return tuple(lacking)


def import_edit(tree: SyntaxTree, imports: Sequence[str]) -> tuple[int, str] | None:
    """(offset, text) of the insertion that adds those of `imports` that the text lacks; None if it has them all."""
    standing = standing_imports(tree)
    known = {_bare(line) for each in standing for line in tree.source(each).splitlines()}
    lacking = [each for each in dict.fromkeys(imports) if not {_bare(line) for line in each.splitlines()} <= known]
    if not lacking:
        return None
    newline = line_break(tree.text, 0)
    quoted = [each.removeprefix("import ") for each in lacking if _GO_IMPORT.fullmatch(each)]
    block = standing[-1] if standing else None
    if block is not None and len(quoted) == len(lacking) and tree.source(block).endswith("\n)"):
        end = tree.span(block)[0] + tree.source(block).rindex(")")
        return end, "".join(f"\t{each}{newline}" for each in quoted)
    if block is not None:
        return _line_end(tree, block), "".join(newline + each for each in lacking)
    head = _head(tree)
    text = "".join(each + newline for each in lacking)
    return (0, text + newline) if head is None else (_line_end(tree, head), newline * 2 + text.rstrip("\r\n"))


def _head(tree: SyntaxTree) -> Node | None:
    """What stands before the first import, where there is none: the package, the module's docstring."""
    found = None
    for node in tree.root.named_children[:_MOST_HEADS] if tree.root is not None else ():
        is_docstring = tree.language == "python" and tree.source(node).startswith(('"', "'"))
        if node.type in HEADS or is_docstring:
            found = node
        elif node.type != "comment":
            break
    return found


def _line_end(tree: SyntaxTree, node: Node) -> int:
    """Behind what may follow it in its line: a comment."""
    return line_round(tree.text, len(tree.text[: tree.span(node)[1]].rstrip()))[1]


def _bare(line: str) -> str:
    return line.strip().removeprefix("import ").strip('"();, \t')
