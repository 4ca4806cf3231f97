"""Tells in a few sentences what the selected code, or the function at the cursor, does."""

from __future__ import annotations

import re

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_answer import block_of
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Told
from lsp_experts.actions.place import Place
from lsp_experts.actions.rewriting import shown
from lsp_experts.actions.stretch import Stretch, chosen, statements
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.blocks import PROSE_LANGUAGES

# A kind of its own. It edits nothing, so that none of "quickfix", "refactor" and "source" would be true: clients run
# those on save, fold "source" away from the menu, or call their choice a change. Kinds are an open set, and a client
# that does not know one has to handle it gracefully; with the empty kind nobody could ask for it alone.
KIND = "explain"
_MOST_SENTENCES = 6
_BEGINNING = "This"  # else some begin with what they are about to do
_GOES_ON = "It"
_STOP = Stop(max_tokens=224, max_lines=8, texts=("\n\n",))  # a list of what was said in the first paragraph follows
_SYSTEM = "You explain code to programmers, briefly and exactly."
_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BETWEEN = re.compile(r"(?<=[.!?:])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z`*\"'(])|\n+")  # two sentences


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """One, where code is meant."""
    stretch = _stretch(place)
    return (Offer(_title(stretch), KIND),) if stretch is not None else ()


async def run(job: Job) -> Told:
    """Three to six sentences."""
    place, stretch = job.place, _stretch(job.place)
    if stretch is None:
        raise ActionRefused("There is nothing to explain here.", remedy="Select code, or go to a function.")
    code = block_of(shown(place.text[stretch.start : stretch.end]), place.language)
    question = f"Explain in one paragraph of three to six sentences what this {place.language} code does.\n\n{code}"
    turns = [Turn("system", _SYSTEM), Turn("user", question)]
    text = beginning = _BEGINNING
    while True:
        said = await job.generator.follow(
            place.language, turns, _STOP, answer=beginning, prose=True, progress=job.progress
        )
        if not said.text.strip():
            text = text.removesuffix(_BEGINNING)
            break
        text = few_sentences(beginning + said.text, finished=said.finished)
        if beginning != _BEGINNING or len(_BETWEEN.split(text)) > 1:
            break
        beginning = f"{text} {_GOES_ON}"  # a list was to come, or that was all
    if not text:
        raise ActionRefused(f"{said.expert} did not find words for it.", remedy="Select less, or ask a question.")
    return Told.by(said.expert, _title(stretch), text)


def few_sentences(text: str, *, finished: bool) -> str:
    """The first sentences of `text`, none twice, no code, and none that only announces what is left out.

    A last one that was not finished is left out, unless it is all there is.
    """
    sentences = [each.strip() for each in _BETWEEN.split(_BLOCK.sub("\n", text).strip())]
    if len(sentences) > 1 and (not finished or sentences[-1].endswith(":")):
        del sentences[-1]
    kept = dict.fromkeys(each for each in sentences if each)
    return " ".join(list(kept)[:_MOST_SENTENCES])


def _stretch(place: Place) -> Stretch | None:
    if place.language in PROSE_LANGUAGES:
        return None
    part = statements(place.tree, place.start, place.end) if place.selected.strip() else None
    return chosen(place) or part


def _title(stretch: Stretch) -> str:
    return f"Explain {stretch.name}"


ACTION = Action("explain", "prose", offers, run)
