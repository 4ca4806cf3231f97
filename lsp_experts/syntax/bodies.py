"""Where the body of a function begins and ends, and whether it does anything yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.syntax.blocks import COLON_LANGUAGES
from lsp_experts.syntax.brackets import brackets
from lsp_experts.syntax.lines import columns, line_round
from lsp_experts.syntax.parameters import parameter_list
from lsp_experts.syntax.tree import SyntaxTree

_MAX_STUB_CHARS = 4000  # comments included
_SAYS_SO = r"(?i:not[ _]?(?:yet[ _])?(?:been[ _])?implemented|unimplemented|todo|fixme|implement (?:me|this))"
_STUB = re.compile(
    rf"""(?: pass | \.\.\. | return | null | : | true | \?\?\?
      | raise \s+ (?:\w+\.)? NotImplementedError .*
      | raise \s* \(? \s* ["'] [^"'\n]* {_SAYS_SO} .*
      | (?: TODO | todo! | unimplemented! ) \s* [(\[{{] .*
      | throw \s+ (?:new\s+)? [\w.\\]* (?: NotImplemented\w* | UnsupportedOperation\w* | NotSupported\w* ) .*
      | (?: throw \s+ (?:new\s+)? [\w.\\]+ | panic!? | error | fatalError | die | std::abort )
        \s* \( \s* (?:[fL] | String\( )? ["'`] [^"'`\n]* {_SAYS_SO} .* ) ;? \s* """,
    re.VERBOSE | re.DOTALL,
)
_NEVER_STUBS = re.compile(r"@(?:\w+\.)*(?:abstract\w*|overload)\b")
_KEEPS_PARAMETERS = frozenset({"field_initializer_list", "constructor_delegation_call", "constructor_initializer"})


@dataclass(frozen=True)
class Body:
    """What stands inside the braces, between the header and `end`, or behind the colon."""

    start: int
    end: int
    closes: str  # "}", "end", "" by dedent
    closed: bool  # the closer is there


def body_of(tree: SyntaxTree, function: Node) -> Body | None:
    """The body of a function node; None where it has none, or only an expression."""
    inner = function.child_by_field_name("body")
    if tree.language in COLON_LANGUAGES:
        return _suite(tree, function, inner) if inner is not None and inner.type == "block" else None
    if inner is None:
        inner = next((child for child in function.named_children if child.type == "function_body"), function)
    children = inner.children if inner.type != "body_statement" else []
    opener = next((child for child in children if child.type == "{"), None)
    if opener is not None and (inner == function or children[0] == opener):
        last = children[-1]
        closed = last.type == "}" and not last.is_missing
        return Body(tree.span(opener)[1], tree.span(last)[0 if last.type == "}" else 1], "}", closed)
    last = function.children[-1]
    if last.type != "end":
        return None
    header = parameter_list(function) or function.child_by_field_name("name") or function.children[0]
    return Body(tree.span(header)[1], tree.span(last)[0], "end", not last.is_missing)


def documented_inside(function: Node) -> Node | None:
    """The docstring of a Python function or class."""
    inner = function.child_by_field_name("body")
    first = inner.named_children[0] if inner is not None and inner.named_children else None
    if first is not None and first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    return first if first is not None and first.type in ("string", "concatenated_string") else None


def is_stub(tree: SyntaxTree, function: Node, body: Body) -> bool:
    """Whether the body does nothing yet: blank, only comments or documentation, or it says that it is not implemented.

    A method that is meant to be like that is none: abstract, an overload, of a protocol, a constructor that only
    takes over its parameters.
    """
    if body.end - body.start > _MAX_STUB_CHARS or _meant_empty(tree, function):
        return False
    cuts = [tree.span(node) for node in _comments(function)]
    if tree.language in COLON_LANGUAGES and (docstring := documented_inside(function)) is not None:
        cuts.append(tree.span(docstring))
    code, at = "", body.start
    for start, end in sorted(cuts):
        if start >= at and end <= body.end:
            code, at = code + tree.text[at:start], end
    code = (code + tree.text[at : body.end]).strip().strip(";").strip()
    if tree.language in COLON_LANGUAGES:
        code = "\n".join(line for line in code.splitlines() if line.strip() and line.lstrip()[0] != "#").strip()
    return not code or (_STUB.fullmatch(code) is not None and _is_one_statement(code))


def _is_one_statement(code: str) -> bool:
    """Whether all that the pattern took with `.*` is inside of its brackets."""
    opened = brackets(code).openers
    ends = [at for at, character in enumerate(code) if character in ";\n"]
    return not opened and all(brackets(code[:at]).openers or brackets(code).quotes(at) for at in ends)


def _suite(tree: SyntaxTree, function: Node, block: Node) -> Body | None:
    colon = block.prev_sibling
    while colon is not None and colon.type != ":":
        colon = colon.prev_sibling
    if colon is None or colon.is_missing:
        return None
    start = tree.span(colon)[1]
    end = max(start, tree.span(block)[1])
    own = columns(tree.text[slice(*line_round(tree.text, tree.span(function)[0]))])
    return Body(start, _suite_end(tree.text, end, own, empty=block.end_byte == block.start_byte), "", True)


def _suite_end(text: str, end: int, own: int, *, empty: bool) -> int:
    """`end` moved behind the comments that belong to the suite; of an empty suite behind blanks that are indented."""
    at = text.find("\n", end)
    rest = text[end : len(text) if at < 0 else at]
    if rest.lstrip().startswith("#"):
        end += len(rest.rstrip())
    while at >= 0:
        following = text.find("\n", at + 1)
        line = text[at + 1 : len(text) if following < 0 else following].rstrip("\r")
        deeper = columns(line) > own
        if line.strip() and not (deeper and line.lstrip().startswith("#")):
            break
        if deeper and (empty or line.strip()):
            end = at + 1 + (len(line.rstrip()) or len(line))
        at = following
    return end


def _comments(function: Node) -> list[Node]:
    """The comments near the top of a function: deeper ones stand beside code."""
    found, level = [], [function]
    for _ in range(4):
        level = [child for node in level for child in node.named_children]
        found += [node for node in level if "comment" in node.type]
    return found


def _meant_empty(tree: SyntaxTree, function: Node) -> bool:
    above = function.parent
    if above is not None and above.type == "decorated_definition":
        header = tree.text[slice(*tree.span(above))][: tree.span(function)[0] - tree.span(above)[0]]
        if _NEVER_STUBS.search(header):
            return True
        above = above.parent
    owner = above.parent if above is not None and above.type == "block" else None
    if owner is not None and owner.type == "class_definition":
        bases = owner.child_by_field_name("superclasses")
        if bases is not None and "Protocol" in tree.source(bases):
            return True
    if any(child.type in _KEEPS_PARAMETERS for child in function.named_children):
        return True
    listed = parameter_list(function)
    promoted = [child for child in (listed.named_children if listed is not None else []) if _is_promoted(child)]
    return bool(promoted)


def _is_promoted(parameter: Node) -> bool:
    """PHP and TypeScript: `constructor(private name: string)` is done without a body."""
    return parameter.type == "property_promotion_parameter" or any(
        child.type == "accessibility_modifier" for child in parameter.children
    )
