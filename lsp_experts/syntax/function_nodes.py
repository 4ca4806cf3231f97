"""Which nodes of a syntax tree are functions with a name, in all grammars together, and where their parts hang.

A function value is one that something gives a name: `const f = () => {}`, `var f = func() {}`, `m: function () {}`.
"""

from __future__ import annotations

import re

from tree_sitter import Node

FUNCTIONS = frozenset(
    {
        "abstract_method_signature", "compact_constructor_declaration", "constructor_declaration", "declaration",
        "destructor_declaration", "field_declaration", "function_declaration", "function_definition", "function_item",
        "function_signature", "function_signature_item", "generator_function_declaration", "init_declaration",
        "local_function_statement", "method", "method_declaration", "method_definition", "method_elem",
        "method_signature", "operator_declaration", "protocol_function_declaration", "secondary_constructor",
        "singleton_method",
        # values
        "anonymous_function", "arrow_function", "closure_expression", "func_literal", "function_expression",
        "generator_function", "lambda_expression",
    }
)  # fmt: skip
_PROTOTYPES = frozenset({"declaration", "field_declaration"})  # of C: functions only if they declare one
_HOLDERS = {  # what gives a function value its name: by which field
    "assignment": "left", "assignment_expression": "left", "assignment_statement": "left", "const_spec": "name",
    "field": "name", "field_definition": "property", "init_declarator": "declarator", "keyed_element": "",
    "let_declaration": "pattern", "pair": "key", "property_declaration": "", "public_field_definition": "name",
    "short_var_declaration": "left", "var_spec": "name", "variable_declarator": "name",
}  # fmt: skip
_STATEMENTS = frozenset(
    {
        "const_declaration", "declaration", "expression_statement", "field_declaration", "lexical_declaration",
        "local_declaration_statement", "local_variable_declaration", "var_declaration", "variable_declaration",
    }
)  # fmt: skip
_AROUND_VALUES = frozenset({"expression_list", "literal_element", "parenthesized_expression"})
WRAPPERS = frozenset(
    {"ambient_declaration", "decorated_definition", "export_statement", "global_statement", "template_declaration"}
)
_NAMES = re.compile(r"identifier|simple_identifier|type_identifier|field_identifier|property_identifier|constant|word")
_LAST_NAME = re.compile(r"[\w$#]+[?!=]?$")
_MAX_DEPTH = 6


def is_function(node: Node) -> bool:
    """Whether this is a function that has a name, of its own or as the value of something."""
    if node.type not in FUNCTIONS:
        return False
    if node.type in _PROTOTYPES:
        return _declares_function(node)
    return name_of(node) != ""


def name_of(node: Node) -> str:
    """The name of a function node; "" if nothing gives it one."""
    named = _own_name(node)
    if named is None and node.type == "secondary_constructor":
        return "constructor"
    if named is None:
        named = _given_name(node)
    if named is not None and named.type in ("destructor_name", "operator_name"):
        return _text(named)
    found = _LAST_NAME.search(_text(named).partition("<")[0].strip("\"'"))
    name = found.group() if found else ""
    return name.lstrip("$") if named is not None and named.type == "variable_name" else name  # PHP


def owner_of(node: Node) -> str:
    """The type that a function is a method of, as its own header says it (`func (s *Store) Get`, `Store::get`)."""
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:
        found = re.search(r"([\w.]+)\s*(?:[\[<][^()]*)?\)?$", _text(receiver))
        return found.group(1) if found else ""
    named = _own_name(node, qualified=True)
    parts = re.split(r"::|[.:]", re.sub(r"<[^<>]*>", "", _text(named))) if named is not None else []
    return parts[-2].strip() if len(parts) > 1 else ""


def definition_of(node: Node) -> Node:
    """The whole definition of a function node: of a value the statement that names it."""
    if _own_name(node) is not None or node.type == "secondary_constructor":
        return node.parent if node.parent is not None and node.parent.type == "template_declaration" else node
    found = _holder(node) or node
    while found.parent is not None and found.parent.type in _STATEMENTS:
        if sum(child.type == found.type for child in found.parent.named_children) > 1:
            break
        found = found.parent
    return found


def function_in(node: Node, depth: int = _MAX_DEPTH) -> Node | None:
    """The function that a node is, or that it only wraps, exports or gives a name."""
    if is_function(node):
        return node
    if depth and (node.type in WRAPPERS | _STATEMENTS | _AROUND_VALUES or node.type in _HOLDERS):
        found = [inner for child in node.named_children[-3:] if (inner := function_in(child, depth - 1)) is not None]
        return found[0] if len(found) == 1 else None
    return None


def declarator_of(node: Node) -> Node | None:
    """The function declarator of a C definition or declaration, below its pointers; None if there is none."""
    found = node.child_by_field_name("declarator")
    for _ in range(_MAX_DEPTH):
        if found is None or found.type in ("function_declarator", "lambda_declarator", "abstract_function_declarator"):
            return found
        if found.type not in ("pointer_declarator", "reference_declarator"):
            return None
        found = found.named_children[-1] if found.named_children else None
    return None


def innermost_declared(node: Node) -> Node:
    """The name at the end of a C declarator: `b` of `**b`."""
    for _ in range(2 * _MAX_DEPTH):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type.endswith("_declarator") and node.type != "variable_declarator":
            inner = node.named_children[-1] if node.named_children else None
        if inner is None:
            return node
        node = inner
    return node


def _declares_function(node: Node) -> bool:
    declarator = declarator_of(node)
    if declarator is None or node.parent is None or node.parent.type == "compound_statement":
        return False
    return innermost_declared(declarator).type != "parenthesized_declarator" and name_of(node) != ""


def _own_name(node: Node, qualified: bool = False) -> Node | None:
    named = node.child_by_field_name("name")
    if named is None and (declarator := declarator_of(node)) is not None:
        named = innermost_declared(declarator)
        if declarator.type != "function_declarator" or named.type == "parenthesized_declarator":
            return None
        while not qualified and named.type == "qualified_identifier":
            inner = named.child_by_field_name("name")
            if inner is None:
                return None
            named = inner
    if named is None and node.type == "function_declaration":  # Kotlin
        named = next((child for child in node.named_children if _NAMES.fullmatch(child.type)), None)
    return named


def _holder(node: Node) -> Node | None:
    above = node.parent
    while above is not None and above.type in _AROUND_VALUES and above.named_child_count == 1:
        above = above.parent
    return above if above is not None and above.type in _HOLDERS else None


def _given_name(node: Node) -> Node | None:
    holder = _holder(node)
    if holder is None:
        return None
    field = _HOLDERS[holder.type]
    named = holder.child_by_field_name(field) if field else None
    if named is None:
        named = next(iter(holder.named_children), None)
        if named is not None and named.type == "binding_pattern_kind":
            named = holder.named_children[1] if holder.named_child_count > 1 else None
    if named is None or named.end_byte > node.start_byte:
        return None
    return innermost_declared(named) if holder.type == "init_declarator" else named


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""
