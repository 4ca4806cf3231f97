"""Complete the body of a function that does nothing yet, or that is unfinished at its end."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.body_gap import Gap, gap_in
from lsp_experts.actions.files import Files
from lsp_experts.actions.flaws import behind_margin, flaw
from lsp_experts.actions.holes import hole
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.stop_words import brackets_balance, stop_words
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.functions import Function, function_at
from lsp_experts.syntax.lines import columns, line_break
from lsp_experts.syntax.tree import SyntaxTree

MOST_LINES = 60
_MOST_TOKENS = 4096  # the user's settings ask for less
_HINT = "A comment that says what the function shall do may help, or a larger expert."


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """On a function that does nothing yet, and on a blank line at the end of one that does something already.

    "refactor.rewrite", not "quickfix": no diagnostic asks for it.
    """
    found = _unfinished(place)
    return (Offer(_title(found[0]), "refactor.rewrite"),) if found is not None else ()


async def run(job: Job) -> Outcome:
    """Ask with what follows the function; then without it, for several choices: in front of what looks complete a
    small expert is too brief. The first answer without a flaw is taken, if it can be one that uses the parameters.
    """
    place, found = job.place, _unfinished(job.place)
    if found is None:
        raise ActionRefused("There is no unfinished function here.", remedy="Put the cursor into one.")
    function, gap = found
    asked = hole(place.text, place.line_start(function.outer_start), gap.start, gap.end, gap.before)
    fit: list[str] = []
    why = ""
    for suffix, choices in ((gap.after + asked.suffix, 1), ("", 3)):
        said = await job.generator.fill(
            place.language,
            replace(asked, suffix=suffix),
            _stop(place, gap),
            choices=choices,
            heal=True,
            progress=job.progress,
        )
        for text in (said.text, *said.others):
            new_text = _in_place(place, gap, text)
            wrong = _flaw(place, function, gap, new_text) if said.finished else "it does not come to an end"
            if not wrong:
                fit.append(new_text)
            why = why or wrong
        if any(_uses_parameters(function, new_text) for new_text in fit):
            break
    if not fit:
        raise ActionRefused(f"No body for {function.name} that is of any use: {why}.", remedy=_HINT)
    best = next((new_text for new_text in fit if _uses_parameters(function, new_text)), fit[0])
    label = _title(function)
    return Edited(label, (Change.of(place.view, gap.start, gap.end, best, label),))


ACTION = Action("completeBody", "fim", offers, run)


def _unfinished(place: Place) -> tuple[Function, Gap] | None:
    function = place.function
    gap = gap_in(place.tree, function, place.start) if function is not None else None
    if function is None or gap is None or not (function.stub or place.start == place.end):
        return None
    return function, gap


def _title(function: Function) -> str:
    return f"Complete the body of {function.name}"


def _stop(place: Place, gap: Gap) -> Stop:
    """The body ends before a line that is indented less, and before a bracket that would close the function."""
    return Stop(
        max_tokens=_MOST_TOKENS,
        max_lines=MOST_LINES + 1,
        texts=stop_words(place.language, top_level=False),
        dedent_below=columns(gap.margin),
        balance=brackets_balance(place.language),
    )


def _in_place(place: Place, gap: Gap, said: str) -> str:
    """The answer as what takes the gap's place."""
    lines = [line.rstrip() for line in plain_newlines(said).strip("\n").split("\n")]
    code = behind_margin(place.tree, place.line_start(gap.start), "\n".join(lines).rstrip(), gap.margin)
    return (gap.before + code + gap.after).replace("\n", line_break(place.text, gap.start))


def _flaw(place: Place, function: Function, gap: Gap, new_text: str) -> str:
    if new_text.count("\n") - gap.before.count("\n") >= MOST_LINES:
        return f"it is longer than {MOST_LINES} lines"
    if wrong := flaw(place.tree, gap.start, gap.end, new_text):
        return wrong
    text = place.text[: gap.start] + new_text + place.text[gap.end :]
    inside = gap.start + len(new_text) - len(gap.after)
    now = function_at(SyntaxTree(place.tree.language, text), function.start, inside)
    if now is None or (now.name, now.start) != (function.name, function.start):
        return "it is not the body of one function"
    if now.stub:
        return "it does nothing"
    return "" if text[now.end :].strip() == place.text[function.end :].strip() else "it ends at another place"


def _uses_parameters(function: Function, new_text: str) -> bool:
    """Whether the new text does; with parameters that it ignores a body is seldom what was wanted."""
    names = [each.name.lstrip("$*&") for each in function.parameters if each.name not in ("self", "cls", "this")]
    return (
        not function.stub or not names or any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", new_text) for name in names)
    )
