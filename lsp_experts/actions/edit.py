"""Changes what is selected by an instruction, or writes new code at an empty line."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.actions.code_answer import block_of, code_of, opening_of, stop_of
from lsp_experts.actions.flaws import behind_margin, flaw
from lsp_experts.actions.generator import Generator, Progress, Said
from lsp_experts.actions.instruction import checked, sentence, shortened
from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.replacing import replacing
from lsp_experts.actions.rewriting import rewritten
from lsp_experts.actions.stretch import Stretch, chosen, statements
from lsp_experts.actions.surroundings import Surroundings, surroundings
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.completion.shown_path import shown_path
from lsp_experts.syntax.lines import TAB_COLUMNS, indent_unit, line_break, line_round
from lsp_experts.syntax.scope import scope_at

_ONLY = "Answer with the new code only."
_NEW = re.compile(r"(?i)(?:please\s+)?(?:add|append|create|declare|define|generate|implement|insert|write)\b")
_LINES_ROUND = 16


async def edit(place: Place, instruction: str, generator: Generator, progress: Progress) -> Edited:
    """The selected statements rewritten; without a selection the function at the cursor, else the line's statement.

    ActionRefused where the instruction is empty or too long, and where no answer is fit.
    """
    asked = checked(instruction, "instruction")
    stretch = _stretch(place, asked)
    if stretch is None:
        start, end, new_text = await _written(place, asked, generator, progress)
    else:
        start, end = stretch.start, stretch.end
        new_text = await rewritten(
            place,
            start,
            end,
            f"Change this code: {sentence(asked)} Answer with the whole changed code only.",
            generator,
            progress=progress,
            instruction_last=True,
        )
    label = f"Edit: {shortened(asked)}"
    return Edited(label, replacing(place, start, end, new_text))


def _stretch(place: Place, asked: str) -> Stretch | None:
    """What is to be rewritten; None: something new is to be written at the cursor's blank line."""
    if place.selected.strip():
        return statements(place.tree, place.start, place.end)
    start, end = line_round(place.text, place.start)
    blank = not place.text[start:end].strip()
    if blank and _NEW.match(asked):
        return None
    at_cursor = replace(place, end=place.start)
    return chosen(at_cursor) or (None if blank else statements(place.tree, start, end))


async def _written(place: Place, asked: str, generator: Generator, progress: Progress) -> tuple[int, int, str]:
    """(start, end, text) of new code instead of the cursor's blank line."""
    start, end = line_round(place.text, place.start)
    around = surroundings(place.text, start, end, _LINES_ROUND)
    margin = _margin(place, start, end)

    def read(said: Said) -> tuple[str, str, str]:
        code = around.left_out(code_of(said.text, place.language), "").strip("\n")
        new_text = behind_margin(place.tree, start, code, margin).replace("\n", line_break(place.text, start))
        found = flaw(place.tree, start, end, new_text) if said.finished else "it did not come to an end"
        return new_text, code, found

    asked_for = Asked(
        place.language,
        f"{_before(place, around)}{sentence(asked)} {_ONLY}",
        opening_of("", place.language),
        stop_of(""),
        read,
        _ONLY,
    )
    return start, end, await fit_answer(asked_for, generator, progress)


def _before(place: Place, around: Surroundings) -> str:
    path = shown_path(place.view.uri, place.language)
    said = f"New code goes into {path}.\n\n"
    if around.above.strip():
        said += (
            f"Above it stands this, do not repeat it:\n\n{block_of(around.above.strip(chr(10)), place.language)}\n\n"
        )
    if around.below.strip():
        said += (
            f"Below it stands this, do not repeat it:\n\n{block_of(around.below.strip(chr(10)), place.language)}\n\n"
        )
    return said


def _margin(place: Place, start: int, end: int) -> str:
    """How far a line at the cursor is indented: as it is, or as the block that it is in."""
    blanks = place.text[start:end]
    scope = scope_at(place.tree, place.start)
    if blanks or scope is None or scope.indent <= 0:
        return blanks
    unit = indent_unit(place.text, start)
    return "\t" * (scope.indent // TAB_COLUMNS) if unit == "\t" else " " * scope.indent
