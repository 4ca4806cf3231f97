"""Quick fix: what a review found to fit better takes the place of what stands there. No model is asked."""

from __future__ import annotations

from typing import Any

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.actions.place import Place, Problem
from lsp_experts.actions.review.finding import shown
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.lines import line_break


def offers(place: Place, _: Files) -> tuple[Offer, ...]:
    """One for each finding of ours that the selection touches."""
    found = (_offer(place, index, problem) for index, problem in enumerate(place.problems))
    return tuple(offer for offer in found if offer is not None)


async def run(job: Job) -> Edited:
    """Replace it. ActionRefused if something else stands there now."""
    place, data = job.place, job.data
    start, end, actual, replacement = (data.get(name) for name in ("start", "end", "actual", "replacement"))
    changed = ActionRefused("What was found there has changed.", remedy="Review the file again.")
    if (
        type(start) is not int
        or type(end) is not int
        or not isinstance(actual, str)
        or not isinstance(replacement, str)
    ):
        raise changed
    if not 0 <= start < end or place.text[start:end] != actual:
        raise changed
    label, new_text = _title(actual, replacement), replacement.replace("\n", line_break(place.text, start))
    return Edited(label, (Change(place.view.uri, start, end, new_text, place.view.version, label=label),))


def _offer(place: Place, index: int, problem: Problem) -> Offer | None:
    start, end, replacement = problem.start, problem.end, problem.replacement
    actual = place.text[start:end]
    if replacement is None or not actual:
        return None
    chosen: dict[str, Any] = {"start": start, "end": end, "actual": actual, "replacement": replacement}
    return Offer(_title(actual, replacement), "quickfix", chosen, (index,))


def _title(actual: str, replacement: str) -> str:
    return f"Replace {shown(actual)} by {shown(replacement)}" if replacement.strip() else f"Remove {shown(actual)}"


ACTION = Action("applyFinding", "none", offers, run)
