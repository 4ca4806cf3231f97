"""Which names a programmer could write at a place, read from the tree of this text alone; and what stands there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from tree_sitter import Node

from lsp_experts.syntax.bindings import BIND_BEHIND, FUNCTION_SCOPED, bound_by, own_names
from lsp_experts.syntax.blocks import COLON_LANGUAGES
from lsp_experts.syntax.function_nodes import FUNCTIONS
from lsp_experts.syntax.grammars import grammar, grammar_name
from lsp_experts.syntax.lines import columns, line_round
from lsp_experts.syntax.tree import SyntaxTree

MAX_NAMES = 64
TokenKind = Literal["identifier", "operator", "number", "string", "keyword", "comment", "other"]

_MAX_NODES = 1500  # children looked at for one answer
_MAX_MATCHES = 400  # of a receiver in a text
_NAME = re.compile(r"[$@]{0,2}[^\W\d]\w*[?!]?")
_IDENTIFIER = re.compile(
    r"(?:.*_)?identifier(?:_pattern)?|name|constant|word|variable_name|(?:instance|global|class)_variable"
)
_NUMBER = re.compile(
    r"(?:\w*_)?(?:integer|int|float|number|decimal|rational|complex|imaginary)(?:_\w+)?|number_literal"
)
_STRING = re.compile(
    r"(?:\w+_)?string(?:_literal|_content|_fragment)?|(?:char|rune|character)(?:_literal)?|template_string|heredoc\w*"
    r"|raw_text|regex\w*|\w*string_literal_content|simple_symbol|escape_sequence|string_(?:start|end)"
)
_WORD_OPERATORS = frozenset({"and", "as", "in", "instanceof", "is", "is not", "not", "not in", "or", "typeof", "xor"})
_CONSTANTS = re.compile(
    r"true|false|nil|null|none|undefined|this|self|super|iota|\w*boolean\w*|null_literal", re.IGNORECASE
)
_BRACKETS = frozenset("()[]{},;")
_MEMBERS = frozenset(  # the last name in them is an attribute of what stands before it
    {
        "attribute", "call", "class_constant_access_expression", "dot_index_expression", "field_access",
        "field_expression", "member_access_expression", "member_call_expression", "member_expression",
        "method_index_expression", "method_invocation", "navigation_suffix", "nullsafe_member_access_expression",
        "nullsafe_member_call_expression", "qualified_identifier", "qualified_type", "scoped_call_expression",
        "scoped_identifier", "scoped_type_identifier", "selector_expression",
    }
)  # fmt: skip
_RECEIVERS = ("object", "receiver", "operand", "value", "argument", "expression", "table", "scope", "path")
_LABELS = frozenset({"hash_key_symbol", "private_property_identifier", "property_identifier", "statement_identifier"})
_LABELLED = frozenset(
    {("keyword_argument", "name"), ("pair", "key"), ("field_initializer", "field"), ("named_argument", "name")}
)
_COMPREHENSIONS = re.compile(r"\w*comprehension|generator_expression")
_CLASSES = re.compile(r"class_body|interface_body|enum_body\w*|template_body|field_declaration_list|protocol_body")
_CLASS = re.compile(r".*(?:class|struct|interface|object|impl|trait|enum).*")
_BARE_MEMBERS = frozenset({"cpp", "csharp", "dart", "groovy", "java", "kotlin", "ruby", "scala", "swift"})
_IN_ORDER = frozenset({"c", "cpp", "cuda-cpp", "lua", "shellscript"})  # nothing is known before it is declared
# A function sees what the one round it defines further down, as it runs later.
_LATE = frozenset({"javascript", "javascriptreact", "python", "typescript", "typescriptreact"})
_OPEN_FUNCTIONS = frozenset({"arrow_function", "closure_expression"})


def names_at(tree: SyntaxTree, offset: int) -> tuple[str, ...]:
    """Names in scope at `offset`, the nearest first, at most MAX_NAMES: parameters, locals that are defined before it,
    members where the language reaches them by their bare name, the module's names and imports. No keywords.

    () where no name of those can stand: in a comment or string, behind a dot, as the label of an argument or a field.
    """
    token = _token(tree, offset)
    if token is not None and (
        token_kind(token) in ("comment", "string") or _is_label(token) or _receiver(token) is not None
    ):
        return ()
    root = tree.root
    if root is None:
        return ()
    forbidden = _keywords(grammar_name(tree.language)) if root.has_error else frozenset()
    found: dict[str, None] = {}
    for name in _in_scope(tree, token or _written_last(tree, offset) or root, offset):
        if _NAME.fullmatch(name) and name != "_" and name not in forbidden:
            found[name] = None
        if len(found) == MAX_NAMES:
            break
    return tuple(found)


def attributes_at(tree: SyntaxTree, offset: int) -> tuple[str, ...]:
    """Where an attribute stands at `offset` (`a.b‸`): the attributes that the same receiver has elsewhere in this text,
    the nearest first, at most MAX_NAMES. () elsewhere.
    """
    token = _token(tree, offset)
    receiver = _receiver(token) if token is not None else None
    if token is None or receiver is None:
        return ()
    own, wanted = tree.span(token)[0], tree.source(receiver)
    seen: list[tuple[int, str]] = []
    pattern = re.compile(rf"(?<![\w.]){re.escape(wanted)}\s*(?:\?\.|!!?\.|\.|->|::|:)\s*(?=[^\W\d])")
    for count, match in enumerate(pattern.finditer(tree.text)):
        other = _token(tree, match.end()) if match.end() != own else None
        if other is not None and (of := _receiver(other)) is not None and tree.source(of) == wanted:
            seen.append((abs(match.end() - own), tree.source(other)))
        if count == _MAX_MATCHES:
            break
    return tuple(dict.fromkeys(name for _, name in sorted(seen)))[:MAX_NAMES]


# -- tokens -----------------------------------------------------------------------------------------------------------


def _token(tree: SyntaxTree, offset: int) -> Node | None:
    behind = _leaf(tree, offset, offset + 1) if 0 <= offset < len(tree.text) else None
    before = _leaf(tree, offset - 1, offset) if 0 < offset <= len(tree.text) else None
    words = [
        node
        for node in (behind, before)
        if node is not None and token_kind(node) in ("identifier", "keyword", "number")
    ]
    return next(iter(words), behind)


def _leaf(tree: SyntaxTree, start: int, end: int) -> Node | None:
    node = tree.node_at(start, end)
    if node is None or (tree.text[start:end].isspace() and not _is_whole(node)):
        return None
    while node.parent is not None and (_is_whole(node.parent) or node.parent.type == "variable_name"):
        node = node.parent
    return node if not node.child_count or _is_whole(node) or node.type == "variable_name" else None


def _is_whole(node: Node) -> bool:
    """Whether a node is one token though it has parts: a comment, a string without code in it."""
    if "comment" in node.type:
        return True
    if not node.is_named or not _STRING.fullmatch(node.type) or node.type == "concatenated_string":
        return False
    return all(_STRING.fullmatch(child.type) or not child.is_named for child in node.children)


def token_kind(node: Node) -> TokenKind:
    """What a token of any grammar is."""
    kind = node.type
    if "comment" in kind:
        return "comment"
    if node.is_named:
        if _CONSTANTS.fullmatch(kind):
            return "keyword"
        if _IDENTIFIER.fullmatch(kind):
            return "identifier"
        if _NUMBER.fullmatch(kind):
            return "number"
        return "string" if _STRING.fullmatch(kind) else "other"
    if kind in _WORD_OPERATORS:
        return "operator"
    if re.fullmatch(r"[^\W\d]\w*", kind):
        return "keyword"
    return "other" if kind in _BRACKETS or kind in ("'", '"', "`", "", "\n") else "operator"


def _is_label(node: Node) -> bool:
    if node.type in _LABELS:
        return True
    above = node.parent
    return above is not None and any(
        above.type == kind and above.child_by_field_name(field) == node for kind, field in _LABELLED
    )


def _receiver(node: Node) -> Node | None:
    """What `node` is an attribute of."""
    above = node.parent
    if above is None or above.type not in _MEMBERS or token_kind(node) != "identifier":
        return None
    if above.type == "navigation_suffix":  # Kotlin, Swift
        whole = above.parent
        return whole.named_children[0] if whole is not None and whole.named_children else None
    for field in _RECEIVERS:
        found = above.child_by_field_name(field)
        if found is not None:
            return found if found.end_byte <= node.start_byte else None
    first = above.named_children[0]
    return first if above.type == "class_constant_access_expression" and first.end_byte <= node.start_byte else None


@functools.cache
def _keywords(name: str) -> frozenset[str]:
    """The words of a grammar that are no names by themselves. Some are in places; a broken tree takes all for names."""
    language = grammar(name)
    kinds = (language.node_kind_for_id(number) for number in range(language.node_kind_count))
    return frozenset(kind for kind in kinds if kind and kind.isalpha()) - {"identifier"}


# -- scopes -----------------------------------------------------------------------------------------------------------


def _written_last(tree: SyntaxTree, offset: int) -> Node | None:
    """What blanks at `offset` go on with: the code before them in its line, or above it in its suite."""
    text = tree.text[:offset]
    end = len(text.rstrip())
    last, _ = line_round(text, end)
    line, _ = line_round(text, offset)
    if end and text[end - 1] not in ")]}":
        deeper = tree.language in COLON_LANGUAGES and columns(text[line:]) >= columns(text[last:end])
        if last == line or (deeper and columns(text[line:])):
            return tree.node_at(end - 1, end)
    return tree.node_at(offset)


def _in_scope(tree: SyntaxTree, leaf: Node, offset: int) -> Iterator[str]:
    """All names from the innermost scope outwards."""
    byte, left = tree.byte(offset), _MAX_NODES
    crossed: list[Node] = []  # the functions that the place is in, below the scope
    within, scope = leaf, leaf if leaf.child_count else leaf.parent
    while scope is not None and left > 0:
        before, after = _children(tree, scope, within, byte, bool(crossed))
        for child in (*reversed(before), *after):
            left -= 1
            for name in reversed(bound_by(tree, child)):
                if _reaches(tree.language, name, child, crossed):
                    yield name
        runs_later = bool(crossed) and tree.language in _LATE
        yield from _own(tree, scope, runs_later or scope.end_byte < byte)
        if _is_function(scope):
            crossed.append(scope)
        within, scope = scope, scope.parent


def _children(
    tree: SyntaxTree, scope: Node, within: Node, byte: int, crossed: bool
) -> tuple[Sequence[Node], Sequence[Node]]:
    """What stands in a scope before the place, and what is known there though it stands behind it."""
    children = scope.named_children
    before = [child for child in children if child.end_byte <= byte and child != within]
    after = [child for child in children if child.start_byte >= byte and child != within]
    if crossed and _holds_members(scope):
        return (before, after) if tree.language in _BARE_MEMBERS else ((), ())
    if _COMPREHENSIONS.fullmatch(scope.type):
        return (*before, *after), ()
    late = tree.language in _LATE or (tree.language not in _IN_ORDER and not _in_function(scope))
    return before, after if crossed and late else ()


def _own(tree: SyntaxTree, scope: Node, behind: bool) -> Iterator[str]:
    """The names that a scope that the place is in binds for its inside; `behind`: also those for what follows it."""
    is_method = scope.type in FUNCTIONS and tree.language not in _BARE_MEMBERS and _in_class(scope)
    if scope.parent is not None and not is_method and (behind or scope.type not in BIND_BEHIND):
        yield from own_names(tree, scope)
    for field in ("parameter", "parameters"):  # `x => x`
        only = scope.child_by_field_name(field) if _is_function(scope) else None
        if only is not None and not only.named_child_count and only.type.endswith("identifier"):
            yield tree.source(only)
    if tree.language == "ruby" and scope.type == "class":
        yield from dict.fromkeys(re.findall(r"@\w+", tree.source(scope)))


def _reaches(language: str, name: str, child: Node, crossed: list[Node]) -> bool:
    """Whether what is bound outside of the functions between is known in them: in PHP and Ruby no variable is."""
    closed = any(function.type not in _OPEN_FUNCTIONS for function in crossed)
    if not closed or language not in FUNCTION_SCOPED:
        return True
    if language == "php":
        return not name.startswith("$")
    return language != "ruby" or not child.type.endswith("assignment") or name[0].isupper() or name[0] in "$@"


def _is_function(node: Node) -> bool:
    return (node.type in FUNCTIONS and node.type not in ("declaration", "field_declaration")) or "lambda" in node.type


def _in_function(node: Node) -> bool:
    above: Node | None = node
    while above is not None:
        if _is_function(above):
            return True
        above = above.parent
    return False


def _in_class(node: Node) -> bool:
    above = node.parent
    while above is not None and not _is_function(above):
        if _holds_members(above):
            return True
        above = above.parent
    return False


def _holds_members(node: Node) -> bool:
    return node.parent is not None and (
        _CLASSES.fullmatch(node.type) is not None or _CLASS.fullmatch(node.parent.type) is not None
    )
