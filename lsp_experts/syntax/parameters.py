"""The parameters of a function and its result: which are typed, and where a type would be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.syntax.function_nodes import declarator_of, innermost_declared
from lsp_experts.syntax.tree import SyntaxTree

_LISTS = frozenset(
    {"closure_parameters", "formal_parameters", "function_value_parameters", "method_parameters", "parameter_list"}
    | {"parameters"}
)
_NO_PARAMETERS = frozenset({"keyword_separator", "parameter_modifiers", "positional_separator", "vararg_expression"})
_UNTYPED = frozenset({"javascript", "javascriptreact", "lua", "ruby", "shellscript"})
# Types are optional here and stand behind the name, in PHP before it; elsewhere they are always there, or never.
_MAY_TYPE = frozenset({"php", "python", "typescript", "typescriptreact"})
_MAY_TYPE_RESULT = _MAY_TYPE | {"go", "kotlin", "rust", "scala", "swift"}
_NO_RESULT = frozenset({"constructor", "init", "__construct"})
_SELVES = frozenset({"self", "cls", "mcs", "this", "$this"})


@dataclass(frozen=True)
class Parameter:
    """A parameter as written. The name of a pattern (`{a, b}`) is the whole pattern."""

    name: str
    start: int
    end: int
    typed: bool
    type_at: int  # where ": int" would be written (PHP: "int "); -1: the language writes none there, or it is self/this


def parameters_of(tree: SyntaxTree, function: Node) -> tuple[Parameter, ...]:
    """The parameters in order; separators like Python's `*` and a bare `...` are none."""
    found: list[Parameter] = []
    listed = parameter_list(function)
    if listed is not None and listed.type not in _LISTS:  # `x => x`
        start, end = tree.span(listed)
        return (Parameter(tree.source(listed), start, end, False, -1),)
    for holder in _lists(function):
        nodes = holder.children
        for index, node in enumerate(nodes):
            if holder == function and node.type != "parameter":  # Swift
                continue
            if not node.is_named or "comment" in node.type or node.type in _NO_PARAMETERS or node.is_error:
                continue
            before = nodes[index - 1].type if index else ""
            if before not in ("=", "params"):  # Kotlin's default value; the type of C#'s `params int[] rest`
                found += _parameters(tree, node, _end(nodes, index))
    return tuple(found)


def parameter_list(function: Node) -> Node | None:
    """The node that holds the parameters, with its brackets; of `x => x` the parameter. The last one of several."""
    holder = declarator_of(function) or function
    listed = holder.children_by_field_name("parameters") or holder.children_by_field_name("parameter")
    if listed:
        return listed[-1]
    return next((child for child in holder.named_children if child.type in _LISTS), None)


def _lists(function: Node) -> list[Node]:
    holder = declarator_of(function) or function
    listed = holder.children_by_field_name("parameters")
    if listed:
        return listed
    last = parameter_list(function)
    return [last if last is not None else function]


def result_of(tree: SyntaxTree, function: Node, name: str) -> tuple[bool, int]:
    """(whether a type is written for the result, where it would be written or -1)."""
    if tree.language in _UNTYPED:
        return False, -1
    behind = _header_end(function)
    typed = any(function.child_by_field_name(field) for field in ("return_type", "result", "returns", "type"))
    if not typed and behind is not None:
        arrows = [child for child in function.children if child.type in (":", "->")]
        following = [c.next_sibling for c in arrows if c.start_byte >= behind.end_byte]
        typed = any(after is not None and after.is_named and _is_type(after) for after in following)
    setter = any(child.type == "set" for child in function.children)
    if tree.language not in _MAY_TYPE_RESULT or behind is None or name in _NO_RESULT or setter:
        return typed, -1
    return typed, tree.span(behind)[1]


def _header_end(function: Node) -> Node | None:
    """What the result's type stands behind."""
    used = next((child for child in function.children if child.type == "anonymous_function_use_clause"), None)
    listed = used or parameter_list(function)
    if listed is None:
        return next((child for child in reversed(function.children) if child.type == ")"), None)
    return listed if used or listed.type in _LISTS else None


def _is_type(node: Node) -> bool:
    return "type" in node.type or node.type == "identifier"


def _end(nodes: list[Node], index: int) -> int:
    """The byte at which a parameter ends, its default value included."""
    if index + 2 < len(nodes) and nodes[index + 1].type == "=":
        return nodes[index + 2].end_byte
    return nodes[index].end_byte


def _parameters(tree: SyntaxTree, node: Node, end_byte: int) -> Iterator[Parameter]:
    names = node.children_by_field_name("name") if node.type == "parameter_declaration" else []
    if len(names) > 1:  # Go: `a, b int`
        for each in names:
            start, end = tree.span(each)
            yield Parameter(tree.source(each), start, end, True, -1)
        return
    named = _named(node)
    if named is None:
        return
    name = tree.source(named).lstrip("*&. ")
    if name:
        start, end = tree.span(node)[0], tree.offset(end_byte)
        typed = tree.language not in _UNTYPED and (tree.language == "csharp" or _has_type(node))
        yield Parameter(name, start, end, typed, _type_at(tree, node, named, name))


def _named(node: Node) -> Node | None:
    """The name of a parameter, with the stars before it where they are one node with it."""
    for field in ("name", "pattern", "left"):
        found = node.child_by_field_name(field)
        if found is not None:
            return found
    declarator = node.child_by_field_name("declarator")
    if declarator is not None:
        return innermost_declared(declarator)
    if node.type in ("parameter_declaration", "parameter") and node.child_by_field_name("type") is not None:
        return None  # `(void)`, Go's `(int)`
    if node.type in ("typed_parameter", "parameter", "spread_parameter"):
        found = next((c for c in node.named_children if "identifier" in c.type or c.type.endswith("_pattern")), None)
        declared = next((c for c in node.named_children if c.type == "variable_declarator"), None)
        return _named(declared) if declared is not None else found
    return node


def _has_type(node: Node) -> bool:
    if node.type in ("self_parameter", "spread_parameter") or node.child_by_field_name("type") is not None:
        return True
    return any(child.type == ":" for child in node.children)


def _type_at(tree: SyntaxTree, node: Node, named: Node, name: str) -> int:
    closure = node.parent is not None and node.parent.type == "closure_parameters"
    if (tree.language not in _MAY_TYPE and not closure) or name in _SELVES:
        return -1
    if tree.language == "php":
        before = [c for c in node.children if c.type in ("reference_modifier", "...", "variable_name")]
        return tree.span(before[0])[0] if before else -1
    question = named.next_sibling
    return tree.span(question if question is not None and question.type == "?" else named)[1]
