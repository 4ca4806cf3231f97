"""Writes the selected statements, or the function at the cursor, in a simpler way."""

from __future__ import annotations

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.files import Files
from lsp_experts.actions.kept_meaning import changed_meaning, with_documentation
from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.replacing import replacing
from lsp_experts.actions.rewriting import rewritten
from lsp_experts.actions.stretch import Stretch, chosen, does_something
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.blocks import TEXT_LANGUAGES

KIND = "refactor.rewrite"  # it means the same and reads otherwise
_DATA_LANGUAGES = frozenset({"json", "jsonc", "toml", "yaml", "xml", "csv", "ini"})


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """One, where code is meant."""
    stretch = _stretch(place)
    return (Offer(_title(stretch), KIND),) if stretch is not None else ()


async def run(job: Job) -> Edited:
    """The same, simpler; who calls its functions need not know."""
    place, stretch = job.place, _stretch(job.place)
    if stretch is None:
        raise ActionRefused("There is nothing to simplify here.", remedy="Select statements, or go to a function.")
    new_text = await rewritten(
        place,
        stretch.start,
        stretch.end,
        f"Refactor this {place.language} code to be more concise and idiomatic.",
        job.generator,
        progress=job.progress,
        also=lambda text: changed_meaning(place.tree, stretch.start, stretch.end, text),
    )
    new_text = with_documentation(place.tree, stretch.start, stretch.end, new_text)
    return Edited(_title(stretch), replacing(place, stretch.start, stretch.end, new_text))


def _stretch(place: Place) -> Stretch | None:
    stretch = None if place.language in TEXT_LANGUAGES | _DATA_LANGUAGES else chosen(place)
    return stretch if stretch is not None and does_something(place.tree, stretch) else None


def _title(stretch: Stretch) -> str:
    return f"Simplify {stretch.name}"


ACTION = Action("simplify", "instruct", offers, run)
