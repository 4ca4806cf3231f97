"""A suggestion is indented as the document is, and not twice."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place
from lsp_experts.syntax.blocks import opened_by
from lsp_experts.syntax.lines import columns, indent_unit, near_text

_STEPS = (4, 2, 8, 3)  # columns that one step of indentation may have, the likeliest first


def not_indented_twice(draft: Filtered, place: Place) -> Filtered:
    """On a blank line the indentation that stands there already is dropped, where the model wrote it again."""
    before, text = place.before, draft.text
    if not before or before.strip() or _indentation(text.partition("\n")[0]) != before:
        return draft
    above = place.above[-1] if place.above else ""
    opened = opened_by(above, place.language) is not None or above.endswith(":")
    if columns(before) < columns(above) + (1 if opened else 0):
        return draft  # the user has yet to indent, and the model does
    return replace(draft, text=text[len(before) :])


def in_document_unit(draft: Filtered, place: Place) -> Filtered:
    """Tabs where the document indents by tabs, spaces where it indents by spaces. Odd columns stay as they are."""
    if "\n" not in draft.text and (place.before or draft.text[:1] not in (" ", "\t")):
        return draft
    unit = indent_unit(place.cursor.text, place.cursor.offset)
    if not unit:
        return draft
    first, *lines = draft.text.split("\n")
    if not place.before:
        lines, first = [first, *lines], ""
    if unit == "\t":
        converted = _tabbed(lines, len(_indentation(place.before).replace(" ", "")))
    elif "\n\t" in near_text(place.cursor.text, place.cursor.offset):
        return draft  # some styles write eight columns as a tab
    else:
        converted = _spaced(lines, unit)
    return replace(draft, text="\n".join([first, *converted] if place.before else converted))


def _tabbed(lines: list[str], depth: int) -> list[str]:
    """Indentation by spaces as tabs, if all of it fits one step and goes on from `depth` tabs."""
    widths = [len(_indentation(line)) for line in lines if line.startswith("  ") and "\t" not in _indentation(line)]
    for step in _STEPS:
        if widths and not any(width % step for width in widths) and abs(widths[0] // step - depth) <= 1:
            return [_with_tabs(line, step) for line in lines]
    return lines


def _with_tabs(line: str, step: int) -> str:
    indentation = _indentation(line)
    if "\t" in indentation:
        return line
    return "\t" * (len(indentation) // step) + line[len(indentation) - len(indentation) % step :]


def _spaced(lines: list[str], unit: str) -> list[str]:
    """Indentation by tabs as spaces, if no line mixes both."""
    if any({"\t", " "}.issubset(_indentation(line)) for line in lines):
        return lines
    return [_indentation(line).replace("\t", unit) + line[len(_indentation(line)) :] for line in lines]


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
