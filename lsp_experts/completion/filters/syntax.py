"""The syntax gets no worse: what does not fit is shortened until it fits, or not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place, refused
from lsp_experts.completion.filters.rest_of_line import beside_the_rest
from lsp_experts.syntax.errors import gets_worse

# The one grammar reads too many dialects badly: one true line in fifteen would be refused.
_HARDLY_PARSED = frozenset({"sql"})
# A macro that stands for a declaration or a statement is an error to a grammar that knows no macros.
_PREPROCESSED = frozenset({"c", "cpp", "objective-c", "objective-cpp", "cuda-cpp"})
_MACRO = re.compile(r"^\s*\w*[A-Z_]{3}\w*(?:\([^;]*\))?\s*$", re.MULTILINE)


def is_readable(text: str, language: str) -> bool:
    """Whether an error that the grammar finds in `text` is one."""
    return language not in _HARDLY_PARSED and not (language in _PREPROCESSED and _MACRO.search(text))


def no_worse(draft: Filtered, place: Place) -> Filtered:
    """Refused where it and its shorter forms bring new syntax errors ("worse syntax")."""
    tree = place.tree
    if tree is None or not place.settings.check_syntax or tree.text != place.cursor.text:
        return draft
    if not is_readable(draft.text, place.language) or place.scope is None or place.scope.where != "code":
        return draft
    offset = place.cursor.offset
    for form in (draft, *_forms(draft, place)):
        if not gets_worse(tree, offset, offset + form.replace_right, form.text):
            return form
    return refused("worse syntax")


def _forms(draft: Filtered, place: Place) -> Iterator[Filtered]:
    """Shorter forms: fewer lines, without the closers at the end; and with those that are due."""
    if place.rest:
        return
    text = draft.text
    bare = text.rstrip(")]};,")
    if bare != text and bare.strip():
        yield replace(draft, text=bare.rstrip())
    if place.scope is not None and place.scope.owed and "\n" not in text:
        yield replace(draft, text=text + place.scope.owed)
    lines = text.split("\n")
    for count in dict.fromkeys((len(lines) - 1, len(lines) // 2, 1)):
        if 0 < count < len(lines) and (shorter := "\n".join(lines[:count]).rstrip()):
            yield beside_the_rest(replace(draft, text=shorter), place)
