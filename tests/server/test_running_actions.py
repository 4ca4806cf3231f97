"""What ends a run, at every stage of it, and what the user sees meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from server.action_client import SILENT, URI, ActionClient, action, replaced, span

from lsp_experts.actions.action import Job
from lsp_experts.actions.outcome import Change, Edited, Outcome, Told
from lsp_experts.errors import ActionRefused, EngineDied, EngineError, UsageError
from lsp_experts.server.running_actions import Run

pytestmark = pytest.mark.asyncio
APPLIED = {"applied": True}
COMMAND = "workspace/executeCommand"


class Slow:
    """An action that waits at a gate, and notes how it ended. `asks`: the user is asked then."""

    def __init__(self, *, asks: bool = False) -> None:
        self.began, self.gate, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.asks, self.cancelled = asks, 0

    async def run(self, job: Job) -> Outcome:
        self.began.set()
        job.progress("the expert is writing")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended.set()
        return replaced(job, confirm=self.asks)


async def running(
    tmp_path: Path, slow: Slow, client: str = "neovim", name: str = "completeBody"
) -> tuple[ActionClient, int]:
    """An editor in which it runs, and the request's id."""
    editor = ActionClient(tmp_path, (action(name, slow.run),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start(client)
    (entry,) = await editor.menu()
    asked = editor.command(entry) if "command" in entry else editor.ask("codeAction/resolve", entry)
    await asyncio.wait_for(slow.began.wait(), 20)
    return editor, asked


def cancel_request(editor: ActionClient, asked: int) -> None:
    editor.notify("$/cancelRequest", {"id": asked})


def type_a_key(editor: ActionClient, asked: int) -> None:
    editor.type()


def close(editor: ActionClient, asked: int) -> None:
    editor.notify("textDocument/didClose", {"textDocument": {"uri": URI}})


def shut_down(editor: ActionClient, asked: int) -> None:
    editor.ask("shutdown", None)


ENDINGS = {
    cancel_request: (-32800, "cancelled"),
    type_a_key: (-32801, "document changed"),
    close: (-32803, "document closed"),
    shut_down: (-32800, "cancelled"),
}


@pytest.mark.parametrize("asking", [False, True], ids=["writing", "asking the user"])
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
async def test_what_ends_a_resolve(ending: Any, asking: bool, tmp_path: Path) -> None:
    slow = Slow(asks=True)
    editor, asked = await running(tmp_path, slow)
    editor.on["window/showMessageRequest"] = SILENT
    if asking:
        slow.gate.set()
        await editor.until(lambda: editor.told("window/showMessageRequest"))
    code, kind = ENDINGS[ending]
    ending(editor, asked)
    assert (await editor.answer(asked))["error"]["code"] == code
    await asyncio.wait_for(slow.ended.wait(), 20)
    assert slow.cancelled == (0 if asking else 1)
    status = editor.server.actions.status()
    assert (status["running"], status["refused"]) == ([], {kind: 1})
    assert not editor.told("workspace/applyEdit")


@pytest.mark.parametrize("client", ["vscode", "eglot"])
async def test_a_change_of_the_document_ends_a_command(client: str, tmp_path: Path) -> None:
    slow = Slow()
    editor, asked = await running(tmp_path, slow, client)
    editor.type()
    await editor.until(lambda: editor.shown)
    assert editor.shown == ["The document changed meanwhile, so nothing was changed."]
    result = (await editor.answer(asked))["result"]
    assert result == ({"refused": editor.shown[0]} if client == "vscode" else None)
    assert not editor.told("workspace/applyEdit")


async def test_a_change_does_not_end_what_only_tells(tmp_path: Path) -> None:
    slow = Slow()
    editor, asked = await running(tmp_path, slow, "vscode", "explain")
    editor.type()
    assert (await editor.status())["running"] == ["explain"]
    editor.open("file:///w/other.py", "x\n")
    editor.type(uri="file:///w/other.py")
    slow.gate.set()
    assert "changed meanwhile" in (await editor.answer(asked))["result"]["refused"]  # it was an edit after all


@pytest.mark.parametrize("reopened", [False, True])
async def test_another_document_that_was_closed_and_opened_again(reopened: bool, tmp_path: Path) -> None:
    """It has the version that the edit was made for, and perhaps another text."""
    other, began, gate = "file:///w/other.py", asyncio.Event(), asyncio.Event()

    async def across(job: Job) -> Outcome:
        change = Change(other, 0, 1, "new", 1)
        began.set()
        await gate.wait()
        return Edited("Change the other one", (change,))

    editor = ActionClient(tmp_path, (action("translate", across),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start("vscode")
    editor.open(other, "x\n")
    (entry,) = await editor.menu()
    asked = editor.command(entry)
    await asyncio.wait_for(began.wait(), 20)
    if reopened:
        editor.notify("textDocument/didClose", {"textDocument": {"uri": other}})
        editor.open(other, "import x\n")
        await editor.status()
    gate.set()
    result = (await editor.answer(asked))["result"]
    assert ("closed meanwhile" in result.get("refused", "")) is reopened
    assert len(editor.told("workspace/applyEdit")) == (0 if reopened else 1)


async def test_a_newer_one_replaces_the_older_one(tmp_path: Path) -> None:
    slow = Slow()
    editor, asked = await running(tmp_path, slow, "vscode")
    (entry,) = await editor.menu()
    again = editor.command(entry)
    assert "refused" in (await editor.answer(asked))["result"]
    slow.gate.set()
    assert (await editor.answer(again))["result"] == APPLIED
    assert editor.shown == []  # the user knows
    assert (await editor.status())["refused"] == {"replaced": 1}


async def test_two_documents_two_runs(tmp_path: Path) -> None:
    slow = Slow()
    editor, asked = await running(tmp_path, slow, "vscode")
    other = "file:///w/other.py"
    editor.open(other, "x\n")
    (entry,) = await editor.menu(textDocument={"uri": other}, range=span(0, 0))
    again = editor.command(entry)
    await editor.until(lambda: len(editor.server.actions.status()["running"]) == 2)
    slow.gate.set()
    for number in (asked, again):
        assert (await editor.answer(number))["result"] == APPLIED


async def test_the_bar_tells_what_is_done_and_its_cancel_ends_it(tmp_path: Path) -> None:
    slow = Slow()
    editor, asked = await running(tmp_path, slow, "vscode")
    (begin,) = await editor.until(lambda: editor.told("$/progress"))
    assert begin["value"] == {
        "kind": "begin",
        "title": "Do completeBody",
        "cancellable": True,
        "message": "the expert is writing",
    }
    editor.notify("window/workDoneProgress/cancel", {"token": "another"})
    editor.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    assert (await editor.answer(asked))["result"] == {"refused": "Cancelled."}
    assert editor.told("$/progress")[-1] == {"token": begin["token"], "value": {"kind": "end"}}
    assert editor.shown == []
    assert (await editor.status())["refused"] == {"cancelled": 1}


async def test_the_requests_own_token_is_used(tmp_path: Path) -> None:
    slow = Slow()
    editor = ActionClient(tmp_path, (action("completeBody", slow.run),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start({"workspace": {"applyEdit": True}, "window": {}})
    (entry,) = await editor.menu()
    params = {"command": entry["command"], "arguments": entry["arguments"], "workDoneToken": "mine"}
    asked = editor.ask(COMMAND, params)
    (begin,) = await editor.until(lambda: editor.told("$/progress"))
    assert begin["token"] == "mine"
    assert not editor.told("window/workDoneProgress/create")
    slow.gate.set()
    assert (await editor.answer(asked))["result"] == APPLIED


async def test_a_client_that_never_answers_sees_no_bar_and_gets_its_edit(tmp_path: Path) -> None:
    slow = Slow()
    editor = ActionClient(tmp_path, (action("completeBody", slow.run),))
    editor.on |= {"workspace/applyEdit": APPLIED, "window/workDoneProgress/create": SILENT}
    await editor.start("vscode")
    (entry,) = await editor.menu()
    asked = editor.command(entry)
    await editor.until(lambda: editor.told("window/workDoneProgress/create"))
    slow.gate.set()
    assert (await editor.answer(asked))["result"] == APPLIED
    assert not editor.told("$/progress")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ActionRefused("It has a body.", remedy="Select another."), "refused", "It has a body. Select another."),
        (EngineDied("SIGKILL", "the last words"), "engine", "The engine could not do it"),
        (EngineError("cancelled", "cancelled"), "engine", "The engine could not do it"),
        (UsageError("No.", remedy="Yes."), "refused", "No. Yes."),
        (RuntimeError("canary4711"), "failed", "It failed here; the server's log says where."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_what_goes_wrong_is_said_once(
    error: Exception, kind: str, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(job: Job) -> Outcome:
        raise error

    editor = ActionClient(tmp_path, (action("completeBody", fails),))
    await editor.start("vscode")
    (entry,) = await editor.menu()
    result = (await editor.answer(editor.command(entry)))["result"]
    assert words in result["refused"]
    assert editor.shown == [result["refused"]]
    assert (await editor.status())["refused"] == {kind: 1}
    assert "canary4711" not in caplog.text


async def test_what_is_not_an_action_may_give_nothing(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, ())
    await editor.start("vscode")

    async def nothing(progress: Any) -> Outcome | None:
        return None

    assert await editor.server.actions.carry_out(Run("review", "Reviewing", URI, nothing)) is None
    told = Told("a", "b")
    assert await editor.server.actions.deliver(told) == {"title": "a", "text": "b"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        None,
        ["file:///w/a.py"],
        [{}],
        [{"textDocument": {"uri": 3}, "range": span(0, 0)}],
        [{"textDocument": {"uri": URI}}],
        [{"textDocument": {"uri": URI, "version": "1"}, "range": span(0, 0)}],
        [{"textDocument": {"uri": URI}, "range": {"start": {"line": -1, "character": 0}}}],
        [{"textDocument": {"uri": URI}, "range": span(2**31, 0)}],
        [{"textDocument": {"uri": URI}, "range": span(0, 0), "data": [1]}],
        [{"textDocument": {"uri": URI}, "range": span(0, 0)}, {}],
    ],
)
async def test_a_wrong_argument_is_answered_with_the_right_form(arguments: Any, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (action("completeBody", Slow().run),))
    await editor.start("vscode")
    for command in ("lspExperts.completeBody", "lspExperts.edit"):
        error = await editor.call(COMMAND, {"command": command, "arguments": arguments})
        assert error["code"] == -32602
        assert error["message"].startswith(f'{command} takes one object: {{"textDocument": {{"uri": ')
    assert '"instruction": "..."' in error["message"]
    resolve = await editor.call("codeAction/resolve", {"title": "x", "data": (arguments or [None])[0]})
    if arguments is None or len(arguments) < 2:
        assert resolve["code"] == -32602


@pytest.mark.parametrize(
    ("argument", "refused"),
    [
        ({"textDocument": {"uri": "file:///etc/passwd"}}, "The document is not open. Open it, and choose it again."),
        ({"textDocument": {"uri": URI, "version": 7}}, "The document changed meanwhile"),
        ({"textDocument": {"uri": URI}, "diagnostics": [3, {"range": 1}, {"range": span(0, 0)}]}, ""),
        ({"textDocument": {"uri": URI}, "range": span(2**31 - 1, 2**31 - 1)}, ""),
    ],
)
async def test_odd_places(argument: dict[str, Any], refused: str, tmp_path: Path) -> None:
    slow = Slow()
    slow.gate.set()
    editor = ActionClient(tmp_path, (action("completeBody", slow.run),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start("vscode")
    params = {"command": "lspExperts.completeBody", "arguments": [{"range": span(0, 0), **argument}]}
    result = await editor.call(COMMAND, params)
    assert result.get("refused", "").startswith(refused)
    assert ("refused" in result) is bool(refused)


async def test_an_action_that_this_server_does_not_have(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, ())
    await editor.start("vscode")
    argument = {"textDocument": {"uri": URI}, "range": span(0, 0)}
    result = await editor.call(COMMAND, {"command": "lspExperts.rename", "arguments": [argument]})
    assert result["refused"].startswith("There is no code action 'rename'.")
