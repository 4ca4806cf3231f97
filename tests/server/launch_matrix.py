"""Starts the real server over scripted completions, actions and reviews, as a process of its own: what every feature
of the protocol can be seen with. The name of a document says which action it is offered.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # a test starts this file, not pytest

from actions.places import ScriptedFiles
from actions.scripted import ScriptedGenerator
from server.launch_scripted import ScriptedCompleter

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_actions import CodeActions
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited, Outcome, Told
from lsp_experts.actions.place import Place
from lsp_experts.actions.review.document_reviews import DocumentReviews
from lsp_experts.actions.review.finding import Finding, Review
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.server.ports import DocumentView, Host, OpenViews, Parts
from lsp_experts.server.serve import serve
from lsp_experts.settings import Settings

NEW = "«é😀» ${1:x}\n\t\\e\u0301}"  # counts differently in every encoding, and is no snippet
OTHER, CREATED = "file:///w/other.py", "file:///w/test_made.py"
TOLD = "It does **nothing** 😀.\n\nReally."


def selection(job: Job) -> Change:
    """The selection, replaced."""
    return Change.of(job.place.view, job.place.start, job.place.end, NEW)


async def edit(job: Job) -> Outcome:
    return Edited("Made new", (selection(job),))


async def confirm(job: Job) -> Outcome:
    return Edited("Made new with care", (selection(job),), note="Made by rule.", confirm=True)


async def edit_two(job: Job) -> Outcome:
    """This document and another open one, in which the first 😀 goes."""
    (other,) = [view for view in job.files.open() if view.uri == OTHER]
    at = other.text.index("😀")
    return Edited("Made both new", (selection(job), Change.of(other, at, at + 1, NEW)))


async def create(job: Job) -> Outcome:
    return Edited("Made a file", (Change(CREATED, 0, 0, NEW, creates=True), selection(job)))


async def tell(job: Job) -> Outcome:
    return Told("What it does", TOLD)


async def wait(job: Job) -> Outcome:
    """Until something ends it."""
    job.progress("thinking")
    await asyncio.sleep(600)
    raise AssertionError("nobody waits that long")


def action(name: str, run: Callable[[Job], object], kind: str = "refactor.rewrite", need: str = "none") -> Action:
    """One that is offered in documents of its name."""

    def offers(place: Place, files: Files) -> tuple[Offer, ...]:
        return (Offer(f"Do {name}", kind, {"name": name}),) if f"/{name}" in place.view.uri else ()

    return Action(name, need, offers, run)  # type: ignore[arg-type]


ACTIONS = (
    action("completeBody", edit),
    action("simplify", confirm),
    action("translate", edit_two),
    action("writeTest", create),
    action("explain", tell, "explain"),
    action("rename", wait),
    action("addTypes", edit, need="fim"),  # nobody here fills in
)


class OpenFiles(ScriptedFiles):
    """The port over the documents that the client has open."""

    def __init__(self, views: OpenViews) -> None:
        super().__init__()
        self._views = views

    def open(self) -> list[DocumentView]:
        return list(self._views.views())


class ScriptedReviews(DocumentReviews):
    """Finds every `<`."""

    def __init__(self) -> None:
        pass

    async def review(self, view: DocumentView, start: int, end: int, progress: Callable[[str], None]) -> Review:
        places = [at for at in range(start, end) if view.text[at] == "<"]
        found = tuple(Finding(at, at + 1, "<", "<=", 6.0, 7.0, "operator") for at in places)
        return Review("scripted", 4.0, found, 1, 1, 0.1, True)


def build(settings: Settings, host: Host, views: OpenViews) -> Parts:
    files, generator = OpenFiles(views), ScriptedGenerator(fills=False)
    actions = CodeActions(
        ACTIONS,
        documents=OpenDocuments(DocumentLanguages(load_catalogue(default_paths()), lambda: ())),
        generator=generator,
        files=files,
        settings=lambda: settings,
    )
    return Parts(ScriptedCompleter(settings, host), actions, generator, files, reviews=ScriptedReviews())


if __name__ == "__main__":
    sys.exit(serve(tcp=False, host="", port=0, log_file=None, log_level="WARNING", build=build))
