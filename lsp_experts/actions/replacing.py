"""The changes that put new code where other code stood. Pure."""

from __future__ import annotations

from lsp_experts.actions.imports_to_add import import_edit, parted
from lsp_experts.actions.outcome import Change
from lsp_experts.actions.place import Place
from lsp_experts.completion.document import plain_newlines
from lsp_experts.syntax.lines import line_break


def replacing(place: Place, start: int, end: int, new_text: str) -> tuple[Change, ...]:
    """`new_text` instead of `start` to `end`; imports that it begins with go where the text has its own."""
    imports, code = parted(place.language, plain_newlines(new_text))
    had, _ = parted(place.language, plain_newlines(place.text[start:end]))
    if not imports or had:
        return (Change.of(place.view, start, end, new_text),)
    added = import_edit(place.tree, imports)
    if added is not None and start <= added[0] <= end:
        return (Change.of(place.view, start, end, new_text),)
    code = code.replace("\n", line_break(place.text, start))
    imported = (Change.of(place.view, added[0], *added),) if added is not None else ()
    return (*imported, Change.of(place.view, start, end, code))
