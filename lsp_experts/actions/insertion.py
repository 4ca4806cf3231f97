"""Where new code goes in a text that goes on as it is, and how it is written there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.actions.flaws import behind_margin
from lsp_experts.actions.outcome import Change
from lsp_experts.completion.document import DocumentView, plain_newlines
from lsp_experts.syntax.lines import indent_unit, line_break, line_round, usual_unit
from lsp_experts.syntax.tree import SyntaxTree

_DEFINES = re.compile(
    r"class|function|method|struct|enum|interface|trait|impl|record|object|module|decorated|type_decl"
)
_NEXT_LINE = re.compile(r"[ \t]*\r?\n[^\r\n]*\S")
_TWO_BLANK_LINES = frozenset({"python", "starlark", "cython"})


@dataclass(frozen=True)
class Gap:
    """A place between what stands there: behind `blank_lines`, indented by `margin`. `closer`: what follows it has to
    move to a line of its own, behind this margin.
    """

    offset: int
    blank_lines: int
    margin: str = ""
    closer: str | None = None

    def written(self, tree: SyntaxTree, code: str) -> str:
        """What has to be inserted so that `code` stands there, in the text's own indentation and line breaks."""
        text = tree.text
        lead = "\n" * (self.blank_lines + 1) if text[: self.offset].strip() else ""
        new = lead + behind_margin(tree, self.offset, _in_steps(plain_newlines(code).strip("\n"), text), self.margin)
        if self.closer is not None:
            new += f"\n{self.closer}"
        elif not text[self.offset :]:
            new += "\n"
        elif not self.margin and _NEXT_LINE.match(text, self.offset):
            new += "\n" * self.blank_lines
        return new.replace("\n", line_break(text, self.offset))


def behind(tree: SyntaxTree, offset: int) -> Gap:
    """Behind what ends at `offset`, outside of everything."""
    bare = len(tree.text[:offset].rstrip())
    _, line_end = line_round(tree.text, bare)  # a comment may follow
    return Gap(len(tree.text[:line_end].rstrip()), 2 if tree.language in _TWO_BLANK_LINES else 1)


def behind_definitions(tree: SyntaxTree) -> Gap:
    """Behind the last definition of the text that stands outside of everything, or behind its end."""
    nodes = [node for node in tree.root.named_children if _defines(node)] if tree.root is not None else []
    return behind(tree, tree.span(nodes[-1])[1]) if nodes else behind(tree, len(tree.text))


def inside(tree: SyntaxTree, body: Node) -> Gap:
    """At the end of a body in braces, or of one that "end" closes; it begins in the line that opens it."""
    start, end = tree.span(body)
    text, closer = tree.text, body.children[-1] if body.children else body
    if closer.type in ("}", "end"):
        end = tree.span(closer)[0]
    line = text[text.rfind("\n", 0, start) + 1 : start]
    outer = line[: len(line) - len(line.lstrip(" \t"))]
    bare = len(text[:end].rstrip())
    last = text[text.rfind("\n", 0, bare) + 1 : bare]
    is_first = text.count("\n", start, bare) == 0 or last.endswith(("{", " do", "|"))
    margin = outer + (indent_unit(text, start) or usual_unit(tree.language))
    return Gap(bare, 0 if is_first else 1, margin, None if "\n" in text[bare:end] else outer)


def in_last_class(tree: SyntaxTree) -> Gap | None:
    """At the end of the last class in braces; None without one."""
    classes = [node for node in tree.root.named_children if node.type == "class_declaration"] if tree.root else []
    body = classes[-1].child_by_field_name("body") if classes else None
    return inside(tree, body) if body is not None else None


def _in_steps(code: str, text: str) -> str:
    """`code` with as many spaces a step as `text` has, where both indent by spaces and all lines fit."""
    own, unit = indent_unit(code, 0), indent_unit(text, len(text))
    lines = code.split("\n")
    widths = [len(line) - len(line.lstrip(" ")) for line in lines]
    if own == unit or not own.strip("\t") or not unit.strip("\t") or any(width % len(own) for width in widths):
        return code
    return "\n".join(unit * (width // len(own)) + line[width:] for line, width in zip(lines, widths, strict=True))


def _defines(node: Node) -> bool:
    kind = node.named_children[0].type if node.type == "export_statement" and node.named_children else node.type
    return _DEFINES.search(kind) is not None or (
        kind == "lexical_declaration" and b"=>" in (node.text or b"").partition(b"\n")[0]
    )


def insertions(view: DocumentView, edits: Iterable[tuple[int, str]], label: str) -> tuple[Change, ...]:
    """(offset, text) each as a change of the document, in order; of two at one offset the first comes first."""
    joined: dict[int, str] = {}
    for offset, text in sorted(edits, key=lambda edit: edit[0]):
        joined[offset] = joined.get(offset, "") + text
    return tuple(Change.of(view, at, at, text, label) for at, text in joined.items())
