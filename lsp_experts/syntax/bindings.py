"""Which names the nodes of a syntax tree bring into scope, in all grammars together."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.syntax.definitions import defined_name
from lsp_experts.syntax.function_nodes import FUNCTIONS
from lsp_experts.syntax.tree import SyntaxTree

_MAX_DEPTH = 16
_ALL = ""  # every name in the node
# By which fields a node binds the names in them.
_BINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("as_pattern_target", "block_parameters", "closure_parameters", "exception_variable", "formal_parameters"),
            (_ALL,),
        ),
        **dict.fromkeys(("function_value_parameters", "global_declaration", "inferred_parameters"), (_ALL,)),
        **dict.fromkeys(("lambda_parameters", "method_parameters", "namespace_import", "parameter_list"), (_ALL,)),
        **dict.fromkeys(("class_parameter", "implicit_parameter", "parameter", "parameters"), (_ALL,)),
        **dict.fromkeys(("assignment", "assignment_expression", "operator_assignment", "range_clause"), ("left",)),
        **dict.fromkeys(("for_in_clause", "for_in_statement", "short_var_declaration"), ("left",)),
        **dict.fromkeys(("for_expression", "let_condition", "let_declaration", "match_arm", "for"), ("pattern",)),
        **dict.fromkeys(
            ("catch_declaration", "catch_formal_parameter", "const_spec", "declaration_expression"), ("name",)
        ),
        **dict.fromkeys(("declaration_pattern", "enhanced_for_statement", "for_numeric_clause"), ("name",)),
        **dict.fromkeys(("instanceof_expression", "named_expression", "resource", "var_spec"), ("name",)),
        **dict.fromkeys(
            ("static_variable_declaration", "variable_assignment", "enumerator", "type_parameter"), ("name",)
        ),
        **dict.fromkeys(("declaration", "field_declaration", "for_range_loop"), ("declarator",)),
        "assignment_statement": ("left",),
        "catch_clause": ("parameter", "name"),
        "for_statement": ("left", "variable"),
        "foreach_statement": ("left",),
        "property_declaration": ("name",),
        "type_switch_statement": ("alias",),
        "variable_declarator": ("name",),
    }
)
_ONLY_OWN_NAMES = frozenset(  # names that are their direct children
    {
        "catch_block",
        "import_clause",
        "multi_variable_declaration",
        "tuple_pattern",
        "type_parameter",
        "variable_declaration",
    }
    | {"variable_list"}
)
_NAMES = frozenset(
    {"constant", "field_identifier", "global_variable", "identifier", "instance_variable", "name", "package_identifier"}
    | {"implicit_parameter"}
    | {"shorthand_field_identifier", "shorthand_property_identifier_pattern", "simple_identifier", "variable_name"}
)
_NO_BINDING_FIELDS = frozenset(
    {"arguments", "condition", "default_value", "external_name", "key", "object", "parameters", "right", "size"}
    | {"superclass", "type", "value"}
)
_NO_BINDING = re.compile(
    r".*(?:_type|_expression|subscript|call|modifiers?|annotation|clause|_specifier|body|block)|type|attribute"
    r"|dot_index_expression|method_index_expression|element_reference|call|self_parameter|destructor_name"
)
_CLOSED = re.compile(  # what binds nothing outside of itself
    r"class_definition|.*(?:class_body|interface_body|enum_body|declaration_list|template_body|comprehension|generator_expression)"
    r"|.*lambda.*|do_block|struct_type|interface_type|protocol_body"
)
_BLOCKS = re.compile(
    r"(?!.*_clause)(?:for|while|if|try|switch|match|do|using|foreach|enhanced_for|when|loop|unsafe|with|repeat)(?:_.*)?"
    r"|catch_.*|.*block|compound_statement|body_statement|control_structure_body"
)
_LAST_WORD = re.compile(r"\w+(?=\W*\Z)")
# They bind for what follows them, not for their own values.
BIND_BEHIND = frozenset(
    {"assignment", "assignment_expression", "assignment_statement", "const_spec", "declaration", "field_declaration"}
    | {"let_condition", "let_declaration", "named_expression", "operator_assignment", "property_declaration"}
    | {
        "short_var_declaration",
        "static_variable_declaration",
        "var_spec",
        "variable_assignment",
        "variable_declaration",
    }
    | {"variable_declarator"}
)
# Blocks have no scope of their own: a name that is bound in one is known behind it.
FUNCTION_SCOPED = frozenset({"cython", "php", "python", "ruby", "shellscript", "starlark"})


def bound_by(tree: SyntaxTree, node: Node, depth: int = _MAX_DEPTH) -> list[str]:
    """The names that `node` brings into the scope that it stands in, in order."""
    found: list[str] = []
    if node.type in _IMPORTS_OF_LANGUAGE.get(tree.language, frozenset()):
        return list(_imported(tree, node))
    if tree.language not in FUNCTION_SCOPED and _is_block(node.type):
        return []
    found += own_names(tree, node)
    if depth == 0 or _is_closed(node.type) or (node.type in FUNCTIONS and node.type not in _BINDS):
        return found
    for child in node.named_children:
        if "comment" not in child.type:
            found += bound_by(tree, child, depth - 1)
    return found


def own_names(tree: SyntaxTree, node: Node) -> Iterator[str]:
    """The names that `node` itself binds, not what stands in it."""
    if node.type in _ONLY_OWN_NAMES:
        for child in node.named_children:
            if child.type in _NAMES or (child.type == "type_identifier" and node.type == "type_parameter"):
                yield tree.source(child)
    for field in _BINDS.get(node.type, ()):
        for named in node.children_by_field_name(field) if field else (node,):
            yield from _in_pattern(tree, named)
    if node.type == "case_pattern" and node.named_child_count == 1 and node.named_children[0].named_child_count == 1:
        yield tree.source(node.named_children[0])
    elif node.type == "foreach_statement":  # PHP
        follows = False
        for child in node.children:
            if follows and child.is_named and child.type != "compound_statement":
                yield from _in_pattern(tree, child)
            follows = (follows or child.type == "as") and child.type != ")"
    elif node.type not in _BINDS and node.type != "variable_declaration" and not node.child_by_field_name("receiver"):
        name = defined_name(tree, node)
        if name:
            yield name


@functools.cache
def _is_block(kind: str) -> bool:
    return _BLOCKS.fullmatch(kind) is not None


@functools.cache
def _is_closed(kind: str) -> bool:
    return _CLOSED.fullmatch(kind) is not None


def _in_pattern(tree: SyntaxTree, node: Node, depth: int = _MAX_DEPTH) -> Iterator[str]:
    if node.type in _NAMES and (not node.named_child_count or node.type == "variable_name"):
        yield tree.source(node)
        return
    if depth == 0:
        return
    follows = ""
    for index, child in enumerate(node.children):
        before, follows = follows, child.type
        field = node.field_name_for_child(index)
        if not child.is_named or before == "=":
            continue
        skipped = field in _NO_BINDING_FIELDS and not (field == "value" and node.type in ("pair_pattern", "pair"))
        if not skipped and child.type != "type_identifier" and not _NO_BINDING.fullmatch(child.type):
            yield from _in_pattern(tree, child, depth - 1)


# -- imports ----------------------------------------------------------------------------------------------------------

_IMPORTS_OF_LANGUAGE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("python", "starlark", "cython"), frozenset({"import_statement", "import_from_statement"})),
        "go": frozenset({"import_spec"}),
        **dict.fromkeys(
            ("javascript", "javascriptreact", "typescript", "typescriptreact"), frozenset({"import_specifier"})
        ),
        "java": frozenset({"import_declaration"}),
        "kotlin": frozenset({"import_header"}),
        "scala": frozenset({"import_declaration"}),
        "php": frozenset({"namespace_use_clause"}),
        "rust": frozenset({"use_declaration"}),
    }
)


def _imported(tree: SyntaxTree, node: Node) -> Iterator[str]:
    """The names that an import brings: its aliases, else the last word of what it names; Python's `import a.b`: a."""
    named = node.children_by_field_name("name") if node.type.startswith("import_") else []
    if node.type == "use_declaration":
        yield from _used(tree, node)
    elif node.type in ("import_statement", "import_from_statement"):
        for each in named:
            alias = each.child_by_field_name("alias")
            words = tree.source(alias or each)
            yield words.partition(".")[0] if node.type == "import_statement" else words
    else:
        alias = node.child_by_field_name("alias") or next((c for c in node.children if c.type == "import_alias"), None)
        found = _LAST_WORD.search(tree.source(alias or next(iter(named), None) or node))
        if found and not tree.source(node).rstrip(" ;").endswith("*"):
            yield found.group()


def _used(tree: SyntaxTree, node: Node, depth: int = 6) -> Iterator[str]:
    """Rust: `use a::{b, c as d}` is b and d."""
    for child in node.named_children:
        alias = child.child_by_field_name("alias")
        if alias is not None or child.type in ("identifier", "scoped_identifier"):
            found = _LAST_WORD.search(tree.source(alias or child))
            if found and node.child_by_field_name("path") != child:
                yield found.group()
        elif depth:
            yield from _used(tree, child, depth - 1)
