"""One repair round: what a check complains of is rewritten where it stands, and the check is run again with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_experts.actions.check.checking import Verdict
from lsp_experts.actions.check.errors import CheckError
from lsp_experts.actions.generator import Generator
from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.rewriting import rewritten
from lsp_experts.actions.stretch import of_function, statements
from lsp_experts.actions.tasks.portion import is_small
from lsp_experts.actions.tasks.targets import tree_of
from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused, ExpertsError
from lsp_experts.syntax.functions import function_at

MAX_PLACES = 3
_MAX_MESSAGES = 3  # of one place

Recheck = Callable[[Mapping[str, str]], Awaitable[Verdict]]  # with these texts, by path, instead of those before


@dataclass(frozen=True)
class _Spot:
    """A definition, or a statement outside of all, and the errors in it."""

    path: str
    place: Place
    errors: tuple[CheckError, ...]


async def repaired(
    verdict: Verdict,
    views: Mapping[str, DocumentView],
    language_of: Callable[[str], str],
    generator: Generator,
    recheck: Recheck,
    progress: Callable[[str], None],
) -> Edited:
    """Changes for the user to confirm, with what the check says of them in the note. There is no second round.

    `views`: the documents that may be changed, as they were checked, by path in the folder. ActionRefused where no
    error lies in one, or no expert's answer is fit.
    """
    spots = _spots(verdict.errors, views, language_of)
    if not spots:
        where = "in no open document" if verdict.errors else "at no place that its output names"
        raise ActionRefused(f"It fails {where}, so nothing was repaired.", remedy="Open the file and check again.")
    changes: dict[str, list[Change]] = {}
    refused: list[str] = []
    for number, spot in enumerate(spots, 1):
        saying = f"repair {number} of {len(spots)}: {spot.path}, line {spot.errors[0].line}"
        progress(saying)
        try:
            changes.setdefault(spot.path, []).append(await _change(spot, generator, saying, progress))
        except ExpertsError as error:
            refused.append(f"{spot.path}, line {spot.errors[0].line}: {error.message}")
    if not any(changes.values()):
        raise ActionRefused(f"Nothing was repaired. {' '.join(refused)}")
    progress("checking again")
    after = await recheck({path: _changed(views[path].text, each) for path, each in changes.items()})
    result = "The check passed after the repair." if after.passed else f"The check still fails: {_first(after)}."
    whole = tuple(change for each in changes.values() for change in each)
    return Edited("Repair what the check found", whole, " ".join((result, *refused)), confirm=True)


def _spots(
    errors: Sequence[CheckError], views: Mapping[str, DocumentView], language_of: Callable[[str], str]
) -> tuple[_Spot, ...]:
    """The first MAX_PLACES places, each with all errors that lie in it."""
    found: dict[tuple[str, int], _Spot] = {}
    for error in errors:
        view = views.get(error.path)
        if view is None:
            continue
        place = _place(view, language_of(view.uri), error.line)
        within = found.get((error.path, place.start))
        if within is not None:
            found[error.path, place.start] = replace(within, errors=(*within.errors, error))
        elif len(found) < MAX_PLACES:
            found[error.path, place.start] = _Spot(error.path, place, (error,))
    return tuple(found.values())


def _place(view: DocumentView, language: str, line: int) -> Place:
    """The function round a line, if an expert can write it in one answer; else the statement there."""
    tree = tree_of(view.uri, language, view.text)
    lines = view.text.splitlines(keepends=True)
    start = sum(map(len, lines[: line - 1]))
    end = min(len(view.text), start + len(lines[line - 1].rstrip()) if line <= len(lines) else start)
    function = function_at(tree, start, end)
    stretch = of_function(tree, function) if function is not None else None
    if stretch is None or not is_small(view.text, stretch.start, stretch.end):
        stretch = statements(tree, start, end)
    return Place(view, tree, language, stretch.start, stretch.end)


async def _change(spot: _Spot, generator: Generator, saying: str, progress: Callable[[str], None]) -> Change:
    place = spot.place
    above = place.text.count("\n", 0, place.start)
    said = [f"line {error.line - above}: {error.message}" for error in spot.errors[:_MAX_MESSAGES]]
    instruction = f"Fix {'this error' if len(said) == 1 else 'these errors'}: {'; '.join(said)}"
    new_text = await rewritten(
        place,
        place.start,
        place.end,
        instruction,
        generator,
        progress=lambda sentence: progress(f"{saying}: {sentence}"),
    )
    return Change.of(place.view, place.start, place.end, new_text, f"{spot.path}: {spot.errors[0].message}")


def _changed(text: str, changes: Sequence[Change]) -> str:
    for change in sorted(changes, key=lambda change: change.start, reverse=True):
        text = text[: change.start] + change.new_text + text[change.end :]
    return text


def _first(verdict: Verdict) -> str:
    """What the user has to know of a check that failed."""
    errors = [f"{error.path}:{error.line}: {error.message}" for error in verdict.errors[:1]]
    return "; ".join((verdict.told, *errors)).rstrip(".")
