"""What is offered at a selection, and what a run gives: over real documents, with an action of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from actions.places import ScriptedFiles, split_selection
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.action import Action, Job, Need, Offer
from lsp_experts.actions.code_actions import CodeActions, Offered
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited, Outcome, Told
from lsp_experts.actions.place import Place, Problem
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.errors import ActionRefused
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.settings import Settings

PAGE = "<h1>é</h1>\n<script>\nlet a = ‸b‸;\n</script>\n"


def upper(need: Need = "none", kind: str = "refactor.rewrite") -> Action:
    """Makes the selection upper case; tells the language and the problems of the place in its title."""

    def offers(place: Place, files: Files) -> tuple[Offer, ...]:
        said = [problem.message for problem in place.problems]
        title = " ".join([place.language, place.selected, *said])
        return (Offer(title, kind, {"by": "offer"}),) if place.selected else ()

    async def run(job: Job) -> Outcome:
        place = job.place
        if not job.data:
            return Told("nothing", "")
        change = Change(place.view.uri, place.start, place.end, place.selected.upper(), place.view.version)
        return Edited("upper", (change,), note=str(job.data["by"]))

    return Action("upper", need, offers, run)


def actions(action: Action, settings: Settings, generator: ScriptedGenerator | None = None) -> CodeActions:
    """The façade over that one action."""
    documents = OpenDocuments(DocumentLanguages(load_catalogue(default_paths()), lambda: ()))
    return CodeActions(
        (action,),
        documents=documents,
        generator=generator or ScriptedGenerator(),
        files=ScriptedFiles(),
        settings=lambda: settings,
    )


def check(
    uri: str,
    language: str,
    marked: str,
    expected: list[str],
    *,
    action: Action | None = None,
    only: tuple[str, ...] = (),
    settings: Settings | None = None,
    problems: tuple[Problem, ...] = (),
) -> None:
    """The titles that are offered for the selection."""
    text, start, end = split_selection(marked)
    ours = actions(action or upper(), settings or Settings())
    found = ours.offers(DocumentView(uri, language, 1, text), start, end, problems, only)
    assert [each.offer.title for each in found] == expected


def test_the_place_is_the_document_or_the_region_in_it() -> None:
    check("file:///w/a.go", "go", "x := ‸y‸", ["go y"])
    check("file:///w/a.html", "html", PAGE, ["javascript b"])
    check("file:///w/a.html", "html", "<h1>‸é</h1>\n<script>\nlet‸ a = b;\n</script>\n", ["html é</h1>\n<script>\nlet"])


def test_a_region_that_is_spelled_otherwise_is_left_to_the_document() -> None:
    marked = "q := `\n    SELECT ‸a‸\n    FROM b\n`\n"
    check("file:///w/a.go", "go", "package a\n\nvar " + marked, ["go a"])


def test_problems_come_along_where_they_lie_in_the_region() -> None:
    _, start, end = split_selection(PAGE)
    inside, outside = Problem(start, end, "inside"), Problem(0, 3, "outside")
    check("file:///w/a.html", "html", PAGE, ["javascript b inside"], problems=(inside, outside))


@pytest.mark.parametrize(
    ("only", "offered"),
    [
        ((), True),
        (("refactor",), True),
        (("refactor.rewrite",), True),
        (("",), True),
        (("quickfix", "refactor"), True),
        (("refactor.rewrite.more",), False),
        (("quickfix",), False),
        (("refac",), False),
    ],
)
def test_only_the_kinds_that_the_client_wants(only: tuple[str, ...], offered: bool) -> None:
    check("file:///w/a.go", "go", "‸y‸", ["go y"] if offered else [], only=only)


def test_nothing_where_completion_is_off() -> None:
    check("file:///w/a.go", "go", "‸y‸", [], settings=Settings(enabled=False))
    check("file:///w/.env", "plaintext", "‸y‸", [])


def test_a_machine_without_an_able_expert_says_what_to_pull() -> None:
    ours = actions(upper(need="instruct"), Settings(), ScriptedGenerator(follows=False))
    (found,) = ours.offers(DocumentView("file:///w/a.go", "go", 1, "y"), 0, 1)
    assert isinstance(found, Offered) and "lsp-experts pull qwen2.5-coder-0.5b" in found.disabled


def ran(uri: str, language: str, marked: str, *, name: str = "upper", data: Mapping[str, Any] | None = None) -> Outcome:
    """What comes of it."""
    text, start, end = split_selection(marked)
    ours = actions(upper(), Settings())
    view = DocumentView(uri, language, 1, text)
    return asyncio.run(ours.run(name, view, start, end, data=data, progress=lambda sentence: None))


def test_changes_count_in_the_document() -> None:
    outcome = ran("file:///w/a.html", "html", PAGE)
    _, start, end = split_selection(PAGE)
    assert isinstance(outcome, Edited)
    assert [(each.start, each.end, each.new_text) for each in outcome.changes] == [(start, end, "B")]
    assert outcome.note == "offer"


@pytest.mark.parametrize(
    ("language", "marked", "new_text", "stands"),
    [
        ("html", PAGE, '"</script>"', False),
        ("html", PAGE, '"<script>"', True),
        ("vue", "<script>\nlet a = ‸b‸;\n</script>\n", '"</script>"', False),
        ("markdown", "```js\nlet a = ‸b‸;\n```\n\nmore\n", "`\n```\n`", False),
        ("markdown", "```js\nlet a = ‸b‸;\n```\n\nmore\n", "c\n  + d", True),
    ],
)
def test_a_region_stays_one(language: str, marked: str, new_text: str, stands: bool) -> None:
    text, start, end = split_selection(marked)

    async def work(place: Place) -> Outcome:
        return Edited("it", (Change(place.view.uri, place.start, place.end, new_text, 1),))

    asked = actions(upper(), Settings()).at(DocumentView("file:///w/a", language, 1, text), start, end, work)
    if stands:
        outcome = asyncio.run(asked)
        assert isinstance(outcome, Edited)
        assert [(each.start, each.end) for each in outcome.changes] == [(start, end)]
    else:
        with pytest.raises(ActionRefused, match="cannot stand where it belongs"):
            asyncio.run(asked)


def test_the_clients_own_data_is_used_where_it_sends_some() -> None:
    outcome = ran("file:///w/a.go", "go", "‸y‸", data={"by": "client"})
    assert isinstance(outcome, Edited) and outcome.note == "client"
    assert isinstance(ran("file:///w/a.go", "go", "‸y‸", data={}), Told)


@pytest.mark.parametrize(
    ("uri", "marked", "name", "message"),
    [
        ("file:///w/a.go", "‸y‸", "lower", "There is no code action 'lower'. Known: upper."),
        ("file:///w/a.go", "‸y", "upper", "This code action finds nothing to work on here."),
        ("file:///w/.env", "‸y‸", "upper", "LSP Experts leaves this document alone"),
    ],
)
def test_what_cannot_be_done_is_refused(uri: str, marked: str, name: str, message: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        ran(uri, "go", marked, name=name)
    assert message in str(refused.value)


def test_a_selection_outside_of_the_text_is_clamped() -> None:
    ours = actions(upper(), Settings())
    (found,) = ours.offers(DocumentView("file:///w/a.go", "go", 1, "abc"), 9, -4)
    assert found.offer.title == "go abc"
