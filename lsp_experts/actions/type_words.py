"""A model's answer as one type expression of a language, and whether the file can know it. Pure."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.tree import SyntaxTree

_PYTHON = {name for name, value in vars(builtins).items() if isinstance(value, type)} | {"None"}
_TYPESCRIPT = {
    "string", "number", "boolean", "bigint", "symbol", "void", "never", "null", "undefined", "true", "false",
    "this", "readonly", "keyof", "typeof", "infer", "is", "Array", "ReadonlyArray", "Map", "ReadonlyMap", "Set",
    "ReadonlySet", "WeakMap", "WeakSet", "Record", "Partial", "Required", "Readonly", "Pick", "Omit", "Exclude",
    "Extract", "NonNullable", "Parameters", "ReturnType", "Promise", "PromiseLike", "Iterable", "Iterator",
    "IterableIterator", "AsyncIterable", "Generator", "AsyncGenerator", "Date", "RegExp", "Error", "Function",
    "ArrayBuffer", "Uint8Array", "URL", "Event", "Element", "HTMLElement", "HTMLInputElement", "Node",
    "Document", "Window", "Request", "Response", "Headers", "AbortSignal", "Buffer",
}  # fmt: skip
_PHP = {
    "array", "bool", "callable", "false", "float", "int", "iterable", "null", "never", "self", "static",
    "string", "true", "void", "Closure", "Countable", "DateTime", "DateTimeImmutable", "DateTimeInterface",
    "Exception", "Generator", "Iterator", "IteratorAggregate", "JsonSerializable", "stdClass", "Stringable",
    "Throwable", "Traversable",
}  # fmt: skip
BUILT_IN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": frozenset(_PYTHON),
        "typescript": frozenset(_TYPESCRIPT),
        "typescriptreact": frozenset(_TYPESCRIPT),
        "php": frozenset(_PHP),
    }
)
_SAYS_NOTHING = frozenset({"any", "Any", "mixed", "object", "unknown"})
_OPENERS, _CLOSERS = "([{<", ")]}>"
_GENERICS = re.compile(r"\b(?:typing\.)?(List|Dict|Tuple|Set|FrozenSet|Type)(?=\[)")
_OPTIONAL = re.compile(r"\b(?:typing\.)?Optional\[((?:[^][]|\[[^][]*\])*)\]")
_UNION = re.compile(r"\b(?:typing\.)?Union\[((?:[^][]|\[[^][]*\])*)\]")
_HEAD = re.compile(r"(?<![\w.$])[^\W\d]\w*(?=(\.)?)")  # a name, not the attribute of one
_KEY = re.compile(r"(?<![\w.$])[^\W\d]\w*(?=\??:)")  # of an object type, or a parameter of a function type


def type_of(answer: str, tree: SyntaxTree) -> str:
    """The type that the answer begins with; "" if it is none that the file can know, or says nothing."""
    found = _expression(answer.split("\n", 1)[0], tree.language)
    if tree.language == "python":
        found = _built_in_form(found, tree) if found[:1] not in ("[", "(", "{") else ""
    heads = [(match.group(), match.group(1)) for match in _HEAD.finditer(_KEY.sub("", found))]
    if not heads or not found.isprintable() or any(name in _SAYS_NOTHING for name, _ in heads):
        return ""
    known, used, defined = BUILT_IN[tree.language], frozenset(_names(tree)), {each.name for each in definitions(tree)}
    for name, dotted in heads:
        in_file = name in used and (dotted or name in defined or name[0].isupper())
        if name not in known and not in_file:
            return ""
    return found


def _expression(text: str, language: str) -> str:
    """`text` up to where a type ends: a bracket, comma, `=` or name that belongs to what stands round it."""
    depth = 0
    for at, character in enumerate(text):
        arrow = text[at : at + 2] == "=>" or text[max(0, at - 1) : at + 1] == "=>"
        if arrow:
            continue
        if not depth and (character in ",)]}>=:;$#" or (character == "{" and not _may_open(text[:at], language))):
            return text[:at].strip()
        depth += (character in _OPENERS) - (character in _CLOSERS)
    return "" if depth else text.strip()


def _may_open(before: str, language: str) -> bool:
    """Whether a brace behind `before` begins an object type, not the function's body."""
    return language.startswith("typescript") and (not before.strip() or before.rstrip().endswith(("|", "&", "=>")))


def _built_in_form(found: str, tree: SyntaxTree) -> str:
    """What `typing` had before the language did; names that the file imports stay as they are used there."""
    used = frozenset(_names(tree))
    found = _GENERICS.sub(lambda match: match.group() if match[1] in used else match[1].lower(), found)
    if "Optional" not in used:
        found = _OPTIONAL.sub(r"\1 | None", found)
    if "Union" not in used:
        found = _UNION.sub(lambda match: " | ".join(_parts(match[1])), found)
    return found


def _parts(text: str) -> Iterator[str]:
    """What commas outside of brackets part."""
    depth = start = 0
    for at, character in enumerate(text):
        depth += (character in _OPENERS) - (character in _CLOSERS)
        if character == "," and not depth:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def _names(tree: SyntaxTree) -> Iterator[str]:
    """The names in the file's code."""
    waiting = [tree.root] if tree.root is not None else []
    while waiting:
        node = waiting.pop()
        if node.child_count:
            waiting += node.children
        elif node.is_named and "comment" not in node.type and "string" not in node.type:
            yield tree.source(node)
