"""Reviews as a client sees them: a command, hints that move with the text, quick fixes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from server.action_client import URI, ActionClient, span

from lsp_experts.actions import apply_finding
from lsp_experts.actions.review.document_reviews import DocumentReviews
from lsp_experts.actions.review.finding import Finding, Review
from lsp_experts.errors import ActionRefused, EngineError
from lsp_experts.server.ports import DocumentView, Host, OpenViews, Parts
from lsp_experts.settings import Settings

pytestmark = pytest.mark.asyncio
REVIEW = "lspExperts.review"
TEXT = "é = '😀'\nif a < b:\n    c = a > b\n"
HINTS = "textDocument/publishDiagnostics"


class ScriptedReviews(DocumentReviews):
    """Finds every `<` and `>` in the lines it is shown, for six nats; `waits`: until a test lets it go on."""

    def __init__(self) -> None:
        self.asked: list[tuple[DocumentView, int, int]] = []
        self.problem: Exception | None = None
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.running = self.most_running = self.cancelled = 0

    async def review(self, view: DocumentView, start: int, end: int, progress: Callable[[str], None]) -> Review:
        self.asked.append((view, start, end))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            progress("reading line 1 of 3")
            await self.go_on.wait()
            if self.problem is not None:
                raise self.problem
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        found = tuple(
            Finding(at, at + 1, char, f"{char}=", 6.0, 7.0, "operator")
            for at, char in enumerate(view.text)
            if char in "<>" and start <= at < end
        )
        weak = replace(found[0], delta=1.0) if found else None
        return Review("scripted", 4.0, (*found, *((weak,) if weak else ())), 3, 120, 1.26, True)


class Editor(ActionClient):
    """A client of a server that reviews."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, (apply_finding.ACTION,))
        self.reviews = ScriptedReviews()

    def _build(self, settings: Settings, host: Host, views: OpenViews) -> Parts:
        return replace(super()._build(settings, host, views), reviews=self.reviews)

    def review(self, *, uri: str = URI, **more: Any) -> int:
        asked = {"textDocument": {"uri": uri}, **more}
        return self.ask("workspace/executeCommand", {"command": REVIEW, "arguments": [asked]})

    async def reviewed(self, **more: Any) -> Any:
        return (await self.answer(self.review(**more)))["result"]

    def hints(self, uri: str = URI) -> list[tuple[str, dict[str, int]]]:
        """What is shown last: message and where it begins."""
        last = [told for told in self.told(HINTS) if told["uri"] == uri][-1]
        return [(each["message"].split(":")[0], each["range"]["start"]) for each in last["diagnostics"]]

    def change(self, start: tuple[int, int], end: tuple[int, int], text: str, version: int = 2) -> None:
        changes = [{"range": span(*start, *end), "text": text}]
        self.notify(
            "textDocument/didChange", {"textDocument": {"uri": URI, "version": version}, "contentChanges": changes}
        )

    async def asked_of_it(self, times: int = 1) -> None:
        """So many reviews were begun."""
        for _ in range(1000):
            if len(self.reviews.asked) == times:
                return
            await self.settled()
        raise AssertionError(f"{len(self.reviews.asked)} reviews")

    async def settled(self) -> None:
        """All that was sent is worked off."""
        await self.call("lspExperts/status", None)


async def editor(folder: Path, client: Any = "vscode", *, on_save: bool = False, text: str = TEXT) -> Editor:
    made = Editor(folder)
    made.on["workspace/configuration"] = [{"reviewOnSave": on_save}]
    await made.start(client, text)
    return made


def place(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


LESS, MORE = ("`<` looks unusual here", place(1, 5)), ("`>` looks unusual here", place(2, 10))
LOWER = ("`>` looks unusual here", place(3, 10))


async def test_the_command_counts_and_hints_are_shown(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    result = await ours.reviewed()
    assert result == {
        "findings": 2, "candidates": 3, "lines": 3, "expert": "scripted", "threshold": 4.0, "tokens": 120,
        "seconds": 1.3, "whole": True,
    }  # fmt: skip
    (told,) = ours.told(HINTS)
    assert told["uri"] == URI
    assert told["diagnostics"][0] == {
        "range": span(1, 5, 1, 6),
        "severity": 4,
        "source": "LSP Experts",
        "code": "review",
        "message": "`<` looks unusual here: `<=` fits better (LSP Experts, 6.0 nats)",
    }
    assert ours.hints() == [LESS, MORE]
    titles = [told["value"].get("title") for told in ours.told("$/progress")]
    assert not titles or "Reviewing" in titles


@pytest.mark.parametrize(
    ("capabilities", "version"),
    [({"versionSupport": True}, 1), ({"versionSupport": False}, None), ({}, None)],
)
async def test_the_version_is_named_to_clients_that_take_it(
    capabilities: dict[str, Any], version: int | None, tmp_path: Path
) -> None:
    ours = await editor(tmp_path, {"textDocument": {"publishDiagnostics": capabilities}})
    await ours.reviewed()
    assert ours.told(HINTS)[-1].get("version") == version


async def test_a_range_is_reviewed_and_the_hints_of_other_lines_stay(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    await ours.reviewed(range=span(1, 0, 1, 4))
    ((view, start, end),) = ours.reviews.asked
    assert view.text[start:end] == "if a"
    await ours.reviewed(range=span(1, 0, 2, 0))
    assert ours.hints() == [LESS]
    await ours.reviewed(range=span(2, 0, 3, 0))
    assert ours.hints() == [LESS, MORE]
    await ours.reviewed()
    assert ours.hints() == [LESS, MORE], "nothing is shown twice"


@pytest.mark.parametrize(
    ("start", "end", "text", "left"),
    [
        ((0, 0), (0, 0), "# new\n", [("`<` looks unusual here", place(2, 5)), LOWER]),
        ((1, 5), (1, 6), "<=", [MORE]),
        ((1, 9), (1, 9), "  # end of its line", [MORE]),
        ((1, 0), (1, 0), " ", [MORE]),
        ((2, 13), (2, 13), "\n    d = 1", [LESS, MORE]),
        ((1, 9), (1, 9), "\n    d = 1", [LESS, LOWER]),
        ((2, 0), (2, 0), "    d = 1\n", [LESS, LOWER]),
        ((0, 5), (0, 7), "x", [LESS, MORE]),
        ((0, 0), (3, 0), "", []),
        ((0, 0), (3, 0), "if a < b:\n", [("`<` looks unusual here", place(0, 5))]),
        ((1, 9), (2, 0), " ", []),
        ((0, 0), (1, 9), "x = 1\nif a < b:", [LESS, MORE]),
    ],
)
async def test_hints_move_with_the_text_and_go_with_their_lines(
    start: tuple[int, int], end: tuple[int, int], text: str, left: Any, tmp_path: Path
) -> None:
    ours = await editor(tmp_path)
    await ours.reviewed()
    ours.change(start, end, text)
    await ours.settled()
    assert ours.hints() == left
    document = ours.server.documents.get(URI)
    assert document is not None
    for _, at in ours.hints():
        assert document.line(at["line"])[at["character"]] in "<>"


async def test_hints_that_stay_where_they_are_are_not_sent_again(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    await ours.reviewed()
    ours.change((0, 0), (0, 1), "x")
    await ours.settled()
    assert len(ours.told(HINTS)) == 1


async def test_who_types_while_it_reads_gets_what_is_still_true(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    ours.reviews.go_on.clear()
    number = ours.review()
    await ours.asked_of_it()
    ours.change((0, 0), (0, 0), "# new\n")
    ours.change((3, 10), (3, 11), "+", version=3)
    await ours.settled()
    ours.reviews.go_on.set()
    assert (await ours.answer(number))["result"]["findings"] == 2
    assert ours.hints() == [("`<` looks unusual here", place(2, 5))]


async def test_a_closed_document_has_no_hints(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    await ours.reviewed()
    ours.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    await ours.settled()
    assert ours.hints() == []
    ours.open(URI, TEXT)
    ours.change((0, 0), (0, 0), "x")
    await ours.settled()
    assert len(ours.told(HINTS)) == 2


async def test_one_that_is_closed_while_it_is_reviewed(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    ours.reviews.go_on.clear()
    number = ours.review()
    await ours.asked_of_it()
    ours.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert "closed" in (await ours.answer(number))["result"]["refused"]
    assert (ours.told(HINTS), ours.reviews.cancelled) == ([], 1)


@pytest.mark.parametrize("problem", [ActionRefused("No expert."), EngineError("died", "it ended")])
async def test_what_cannot_be_done_is_said(problem: Exception, tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    ours.reviews.problem = problem
    assert set(await ours.reviewed()) == {"refused"}
    assert ours.told(HINTS) == []
    assert len(ours.shown) == 1


@pytest.mark.parametrize("argument", [None, "a.py", {"textDocument": {}}, {"textDocument": {"uri": URI}, "range": 1}])
async def test_a_wrong_argument(argument: Any, tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    error = await ours.call("workspace/executeCommand", {"command": REVIEW, "arguments": [argument]})
    assert "lspExperts.review takes one object" in error["message"]


async def test_an_older_version_is_refused(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    result = await ours.answer(
        ours.ask(
            "workspace/executeCommand",
            {"command": REVIEW, "arguments": [{"textDocument": {"uri": URI, "version": 0}}]},
        )
    )
    assert "changed meanwhile" in result["result"]["refused"]
    assert not ours.reviews.asked


async def test_a_server_without_reviews(tmp_path: Path) -> None:
    ours = ActionClient(tmp_path, ())
    await ours.start()
    asked = {"command": REVIEW, "arguments": [{"textDocument": {"uri": URI}}]}
    assert (await ours.call("workspace/executeCommand", asked)) == {"refused": "This server does no reviews."}


async def test_one_at_a_time(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    other = "file:///w/b.py"
    ours.open(other, TEXT)
    ours.reviews.go_on.clear()
    numbers = [ours.review(), ours.review(uri=other)]
    await ours.asked_of_it()
    await ours.settled()
    ours.reviews.go_on.set()
    assert [(await ours.answer(number))["result"]["findings"] for number in numbers] == [2, 2]
    assert ours.reviews.most_running == 1
    assert (ours.hints(), ours.hints(other)) == ([LESS, MORE], [LESS, MORE])


async def test_cancelling_lets_the_next_one_in(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    other = "file:///w/b.py"
    ours.open(other, TEXT)
    ours.reviews.go_on.clear()
    first, second = ours.review(), ours.review(uri=other)
    await ours.asked_of_it()
    ours.notify("$/cancelRequest", {"id": first})
    await ours.asked_of_it(2)
    ours.reviews.go_on.set()
    assert (await ours.answer(second))["result"]["findings"] == 2
    assert "error" in await ours.answer(first)
    assert ours.reviews.cancelled == 1


# -- on save ----------------------------------------------------------------------------------------------------------


def save(ours: Editor, uri: str = URI) -> None:
    ours.notify("textDocument/didSave", {"textDocument": {"uri": uri}})


async def test_a_save_is_reviewed_if_the_user_wants_that(tmp_path: Path) -> None:
    ours = await editor(tmp_path, on_save=True)
    save(ours)
    await ours.until(lambda: ours.told(HINTS))
    assert ours.hints() == [LESS, MORE]
    assert not ours.shown


async def test_it_is_off_by_default(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    save(ours)
    await ours.settled()
    assert not ours.reviews.asked


async def test_a_newer_save_begins_anew(tmp_path: Path) -> None:
    ours = await editor(tmp_path, on_save=True)
    ours.reviews.go_on.clear()
    save(ours)
    await ours.asked_of_it()
    save(ours)
    await ours.asked_of_it(2)
    ours.reviews.go_on.set()
    await ours.until(lambda: ours.told(HINTS))
    assert (ours.reviews.cancelled, ours.reviews.most_running) == (1, 1)


async def test_what_fails_in_the_background_is_a_line_in_the_log(tmp_path: Path) -> None:
    ours = await editor(tmp_path, on_save=True)
    ours.reviews.problem = ActionRefused("No expert.")
    save(ours)
    await ours.until(lambda: ours.told("window/logMessage"))
    assert ours.told("window/logMessage")[-1]["message"] == "no review: No expert."
    assert not ours.shown


@pytest.mark.parametrize("end", ["close", "unknown", "server"])
async def test_a_background_review_ends_with_its_document_and_the_server(end: str, tmp_path: Path) -> None:
    ours = await editor(tmp_path, on_save=True)
    ours.reviews.go_on.clear()
    save(ours)
    await ours.asked_of_it()
    if end == "close":
        ours.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    elif end == "server":
        await ours.server.close()
    else:
        save(ours, "file:///w/unknown.py")
    await ours.settled()
    assert ours.reviews.cancelled == (end != "unknown")
    assert ours.told(HINTS) == []
    await ours.server.close()


# -- quick fixes ------------------------------------------------------------------------------------------------------


async def fixes(ours: Editor) -> list[dict[str, Any]]:
    """The menu at the first hint, with the diagnostics as a client sends them back: without their data."""
    shown = ours.told(HINTS)[-1]["diagnostics"]
    menu: list[dict[str, Any]] = await ours.call(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": URI},
            "range": span(1, 5, 1, 5),
            "context": {"diagnostics": shown[:1], "triggerKind": 1},
        },
    )
    return menu


@pytest.mark.parametrize("client", ["vscode", "neovim"])
async def test_a_hint_has_a_quick_fix(client: str, tmp_path: Path) -> None:
    ours = await editor(tmp_path, client)
    edits: list[Any] = []

    def apply(params: Any) -> Any:
        edits.append(params["edit"])
        return {"applied": True}

    ours.on["workspace/applyEdit"] = apply
    await ours.reviewed()
    (entry,) = await fixes(ours)
    assert (entry["title"], entry["kind"]) == ("Replace `<` by `<=`", "quickfix")
    assert [each["code"] for each in entry["diagnostics"]] == ["review"]
    if "command" in entry:
        await ours.answer(ours.command(entry))
    else:
        edits.append((await ours.call("codeAction/resolve", entry))["edit"])
    assert "'newText': '<='" in str(edits)


async def test_a_hint_that_is_gone_has_none(tmp_path: Path) -> None:
    ours = await editor(tmp_path)
    await ours.reviewed()
    ours.change((1, 5), (1, 6), "==")
    await ours.settled()
    ours.sent[:] = [each for each in ours.sent if each["method"] != HINTS or each["params"]["diagnostics"][1:]]
    assert await fixes(ours) in ([], None)
