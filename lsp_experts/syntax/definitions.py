"""What a text defines: names with their signatures, bodies left out, read from its syntax tree. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.syntax.function_nodes import FUNCTIONS
from lsp_experts.syntax.tree import SyntaxTree

MAX_DEFINITIONS = 200  # of one text
MAX_SIGNATURE_CHARS = 200
_MAX_NODES = 20_000  # looked at in one text
_MAX_DEPTH = 24
_WORD = re.compile(r"[^\W\d][\w$-]*$")
_OTHER_CODE = re.compile(r"[{(;,]")  # left of a definition in its line: it belongs to something else
_NOT_NAMES = frozenset({"", "self", "this", "_"})

# Node types of all grammars together. Where one spelling means two things, the name decides (_name).
_DEFINES = frozenset(
    {
        "abstract_class_declaration", "abstract_method_signature", "alias_declaration", "annotation_type_declaration",
        "assignment", "class", "class_declaration", "class_definition", "class_specifier", "column_definition",
        "concept_definition", "const_element", "const_item", "const_spec", "constructor_declaration",
        "create_function", "create_index", "create_procedure", "create_table", "create_type", "create_view",
        "declaration", "delegate_declaration", "enum_declaration", "enum_definition", "enum_item", "enum_specifier",
        "enum_variant", "enumerator", "field_declaration", "function_declaration", "function_definition",
        "function_item", "function_signature", "function_signature_item", "generator_function_declaration",
        "impl_item", "interface_declaration", "local_function", "macro_definition", "method", "method_declaration",
        "method_definition", "method_elem", "method_signature", "mixin_statement", "module", "module_definition",
        "object_declaration", "object_definition", "preproc_def", "preproc_function_def", "property_declaration",
        "property_signature", "protocol_declaration", "public_field_definition", "record_declaration",
        "singleton_method", "static_item", "struct_declaration", "struct_item", "struct_specifier",
        "trait_declaration", "trait_definition", "trait_item", "type_alias", "type_alias_declaration",
        "type_definition", "type_item", "type_spec", "union_item", "union_specifier", "var_spec",
        "variable_assignment", "variable_declarator",
    }
)  # fmt: skip
_HOLDS_MEMBERS = re.compile(
    r"class|struct|interface|trait|impl|enum|object|record|union|module|protocol|type_spec|table"
)
# What stands between a definition and the text's top, or its owner.
_TRANSPARENT = frozenset(
    {
        "ERROR", "ambient_declaration", "assignment_statement", "body_statement", "class_body", "column_definitions",
        "const_declaration", "const_spec_list", "declaration_list", "decorated_definition", "enum_class_body",
        "enum_variant_list", "enumerator_list", "export_statement", "expression_statement", "field_declaration_list",
        "file_scoped_namespace_declaration", "interface_body", "interface_type", "internal_module",
        "lexical_declaration", "linkage_specification", "local_declaration", "mod_item", "namespace_declaration",
        "namespace_definition", "preproc_else", "preproc_if", "preproc_ifdef", "script_element", "statement",
        "struct_type", "style_element", "template_body", "template_declaration", "type_declaration", "var_declaration",
        "var_spec_list", "variable_declaration", "variable_list",
    }
)  # fmt: skip
_BODIES = re.compile(
    r"(?:^|_)(?:body|block|compound_statement|declaration_list|field_declaration_list|column_definitions|do_block"
    r"|enumerator_list|enum_variant_list|body_statement|create_query|macro_rule)$"
)
_NAMED_BY = ("name", "declarator", "left")
_NAME_TYPES = frozenset(
    {"identifier", "simple_identifier", "type_identifier", "field_identifier", "name", "constant", "word"}
)
_NEVER_NAMED_BY = frozenset({"type", "returns", "value", "right", "body", "superclass", "parameters"})


@dataclass(frozen=True)
class Definition:
    """A name that a text defines. `line` is its signature in one line, `owner` the type that it is a member of."""

    name: str
    line: str
    owner: str = ""


def definitions(tree: SyntaxTree) -> tuple[Definition, ...]:
    """What the text of `tree` defines outside of function bodies, in order, at most MAX_DEFINITIONS.

    Of a style sheet: classes, ids and custom properties; of markup: ids and classes. Nothing where there is no tree.
    """
    root = tree.root
    if root is None:
        return ()
    if root.type == "stylesheet":
        found = _styles(tree, root)
    elif root.type in ("document", "fragment"):
        found = _attributes(tree, root)
    else:
        found = _declared(tree, root, "", _MAX_DEPTH)
    unique: dict[tuple[str, str], Definition] = {}
    for definition in found:
        if definition.line and len(definition.line) <= MAX_SIGNATURE_CHARS:
            unique.setdefault((definition.owner, definition.name), definition)
        if len(unique) == MAX_DEFINITIONS:
            break
    return tuple(unique.values())


def owner_above(tree: SyntaxTree, node: Node) -> str:
    """The name of the type that `node` is a member of; "" if it is none, or stands in a function."""
    above = node.parent
    while above is not None and above.parent is not None and above.type not in FUNCTIONS:
        if above.type in _DEFINES and _HOLDS_MEMBERS.search(above.type):
            return defined_name(tree, above)
        above = above.parent
    return ""


# -- programs ---------------------------------------------------------------------------------------------------------


def _declared(tree: SyntaxTree, parent: Node, owner: str, depth: int) -> Iterator[Definition]:
    if depth == 0:
        return
    for node in parent.named_children[:_MAX_NODES]:
        name = defined_name(tree, node)
        if name:
            of_type = _receiver(tree, node) or owner
            if node.type != "impl_item":
                yield Definition(name, _signature(tree, node), of_type)
            if _HOLDS_MEMBERS.search(node.type):
                body = _body(node)
                yield from _declared(tree, body or node, name, depth - 1)
        elif node.type in _TRANSPARENT or (node.type == "block" and owner):
            yield from _declared(tree, node, owner, depth - 1)


def defined_name(tree: SyntaxTree, node: Node) -> str:
    """The name that a node defines, "" if it is no definition. Of several in one the first."""
    if node.type not in _DEFINES:
        return ""
    if node.type == "assignment":  # attributes and items are no names
        left = node.child_by_field_name("left")
        return tree.source(left) if left is not None and left.type in _NAME_TYPES else ""
    if node.type == "impl_item":
        return _last_word(tree, node.child_by_field_name("type"))
    return _name(tree, node, 6)


def _name(tree: SyntaxTree, node: Node, depth: int) -> str:
    """The name that a definition gives: a field says so, or it is the first identifier that is no type or value."""
    for field in _NAMED_BY:
        named = node.child_by_field_name(field)
        if named is not None:
            inner = _name(tree, named, depth - 1) if depth and field == "declarator" else ""
            return inner or _last_word(tree, named)
    for index, child in enumerate(node.children):
        if not child.is_named or node.field_name_for_child(index) in _NEVER_NAMED_BY:
            continue
        if child.type in _NAME_TYPES:
            return _last_word(tree, child)
        if depth and "modifier" not in child.type:
            inner = _name(tree, child, depth - 1)
            if inner:
                return inner
    return ""


def _last_word(tree: SyntaxTree, node: Node | None) -> str:
    """`get` of `Row::get`; nothing of an expression that ends otherwise."""
    found = _WORD.search(tree.source(node).partition("<")[0]) if node is not None else None
    name = found.group() if found else ""
    return "" if name in _NOT_NAMES else name


def _receiver(tree: SyntaxTree, node: Node) -> str:
    """The type that a Go method belongs to."""
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    types = [child.child_by_field_name("type") for child in receiver.named_children[:1]] if receiver is not None else []
    return _last_word(tree, types[0]) if types else ""


def _body(node: Node, depth: int = 3) -> Node | None:
    """The first body in `node`: what its signature ends before, and its members stand in."""
    body = node.child_by_field_name("body")
    if body is not None:
        return None if body.type == "ordered_field_declaration_list" else body  # Rust: `A(u8)` is all there is
    for child in node.named_children:
        if _BODIES.search(child.type):
            return child
    for child in node.named_children if depth else ():
        found = _body(child, depth - 1)
        if found is not None:
            return found
    return None


def _signature(tree: SyntaxTree, node: Node) -> str:
    """From the start of the definition's line to its body, in one line; without a body its first line."""
    start, end = tree.span(node)
    line_start = tree.text.rfind("\n", 0, start) + 1
    if not _OTHER_CODE.search(tree.text, line_start, start):
        start = line_start
    body = _body(node)
    if body is None or body.start_byte <= node.start_byte:
        line = tree.text[start:end].lstrip().partition("\n")[0]
    else:
        line = tree.text[start : min(tree.span(body)[0], start + 4 * MAX_SIGNATURE_CHARS)]
    line = " ".join(line.split()).removesuffix("{").rstrip()
    return line.replace("( ", "(").replace(", )", ")").replace(" )", ")")


# -- style sheets and markup ------------------------------------------------------------------------------------------


def _styles(tree: SyntaxTree, root: Node) -> Iterator[Definition]:
    for node in _all_below(root):
        if node.type in ("class_selector", "id_selector", "placeholder"):
            name, rule = node.named_children[-1:], _above(node, "rule_set")
            if name and rule is not None:
                yield Definition(tree.source(name[0]).lstrip("-"), _signature(tree, rule))
        elif node.type == "declaration" and node.named_children:
            name_text = tree.source(node.named_children[0])
            if name_text.startswith(("--", "$", "@")):
                yield Definition(name_text, _signature(tree, node))
        elif node.type in ("mixin_statement", "function_statement"):
            yield Definition(_name(tree, node, 1), _signature(tree, node))


def _attributes(tree: SyntaxTree, root: Node) -> Iterator[Definition]:
    for node in _all_below(root):
        if node.type != "attribute" or len(node.named_children) < 2 or node.parent is None:
            continue
        if tree.source(node.named_children[0]).lower() in ("id", "class"):
            tag = " ".join(tree.source(node.parent).split())
            for name in tree.source(node.named_children[1]).strip("\"'").split():
                yield Definition(name, tag)


def _all_below(root: Node) -> Iterator[Node]:
    waiting, seen = [root], 0
    while waiting and seen < _MAX_NODES:
        node = waiting.pop()
        seen += 1
        yield node
        waiting.extend(reversed(node.named_children))


def _above(node: Node, kind: str) -> Node | None:
    above = node.parent
    while above is not None and above.type != kind:
        above = above.parent
    return above
