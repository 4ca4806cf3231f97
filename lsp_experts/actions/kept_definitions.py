"""What a rewritten stretch must still define. Pure."""

from __future__ import annotations

import re
from collections import Counter

from lsp_experts.actions.imports_to_add import standing_imports
from lsp_experts.syntax.definitions import MAX_DEFINITIONS, definitions
from lsp_experts.syntax.functions import Function, functions
from lsp_experts.syntax.tree import SyntaxTree

_REMOVES = re.compile(
    r"(?i)\b(?:delet|drop|duplicat|extract|inlin|merg|mov|redeclar|redefin|remov|replac|unus)|not used"
)
_LAST_PART = re.compile(r"([A-Za-z_]\w*)\"")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_IMPORT_WORDS = frozenset({"as", "crate", "from", "import", "include", "self", "static", "super", "type", "use"})


def dropped(tree: SyntaxTree, start: int, end: int, new_text: str, instruction: str) -> str:
    """The flaw of a text that no longer defines what stands from `start` to `end`; "" if it does.

    What the instruction names may be renamed, and removed where it says so.
    """
    after = changed(tree, start, end, new_text)
    old, new = _names(tree), _names(after)
    missing = [name for name in old if name not in new and re.search(rf"\b{re.escape(name)}\b", tree.text[start:end])]
    removes = _REMOVES.search(instruction) is not None
    for name in missing:
        is_named = re.search(rf"\b{re.escape(name)}\b", instruction) is not None
        if not is_named or not (removes or len(new) >= len(old)):
            return f"it drops {name}"
    return ""


def unimported(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    """The flaw of a text that uses what it no longer imports; "" if it does not."""
    after = changed(tree, start, end, new_text)
    lost = _imported(tree) - _imported(after)
    used = after.text
    for node in standing_imports(after):
        used = used.replace(after.source(node), "")
    name = next((name for name in sorted(lost) if re.search(rf"(?<![\w.]){re.escape(name)}\b", used)), "")
    return f"it uses {name} and no longer imports it" if name else ""


def _imported(tree: SyntaxTree) -> set[str]:
    """The names in the imports: of Go the ends of paths, elsewhere all that is no path."""
    found: set[str] = set()
    for node in standing_imports(tree):
        said = tree.source(node)
        found |= set(_LAST_PART.findall(said) if tree.language == "go" else _IDENTIFIER.findall(_STRING.sub("", said)))
    return found - _IMPORT_WORDS


def repeated(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    """The flaw of a text that writes a function that stands elsewhere once more; "" if it does not."""
    before, after = (Counter(map(_signature, functions(each))) for each in (tree, changed(tree, start, end, new_text)))
    again = next((key for key, count in after.items() if 0 < before[key] < count), None)
    return f"it repeats {again[1]}" if again is not None else ""


def changed(tree: SyntaxTree, start: int, end: int, new_text: str) -> SyntaxTree:
    """The tree of the text with `new_text` from `start` to `end`."""
    after = tree.copy()
    after.update(tree.text[:start] + new_text + tree.text[end:])
    return after


def _signature(function: Function) -> tuple[str, str, tuple[str, ...]]:
    return function.owner, function.name, tuple(each.name for each in function.parameters)


def _names(tree: SyntaxTree) -> set[str]:
    found = {function.name for function in functions(tree)}
    declared = definitions(tree)
    if len(declared) < MAX_DEFINITIONS:  # else it is not all of them
        found |= {each.name for each in declared}
    return found
