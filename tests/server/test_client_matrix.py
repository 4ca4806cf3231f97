"""Each recorded client over each feature of the server, in a real process: what it counts, inserts, applies and shows.

At the end of every session its messages are walked: nothing was sent that the client did not declare.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cursor import MARK
from server.launch_matrix import CREATED, NEW, OTHER, TOLD
from server.launch_scripted import MULTI_LINE
from server.rawclient import TIMEOUT_S
from server.recorded_client import RecordedClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENTS = (
    "vscode",
    "neovim",
    "neovim, utf-16 first",
    "neovim, utf-32 first",
    "eglot",
    "lsp-mode",
    "ale",
)
INLINE, POPUP = "textDocument/inlineCompletion", "textDocument/completion"
POPUP_ITEM = "textDocument.completion.completionItem"
FAMILY, ACCENTED = "👩\u200d👩\u200d👧", "e\u0301"  # one character to a reader, and several to every encoding
WIDE = f"é\r\nfamily = '{FAMILY}', '{ACCENTED}', '😀' + na{MARK}) # 😀\r\nend"
_NUMBERS = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS)
async def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    home, settings = tmp_path_factory.mktemp("home"), {"maxTokens": 11}
    async with RecordedClient.started(request.param, home, settings=settings) as client:
        yield client


def uri_of(name: str) -> str:
    """A document of this test alone."""
    return f"file:///w/{name}{next(_NUMBERS)}.py"


async def items(client: RecordedClient, method: str, uri: str, position: dict[str, int]) -> list[dict[str, Any]]:
    """Those of a completion, asked for by hand where the client says such things."""
    asked: dict[str, Any] = {"textDocument": {"uri": uri}, "position": position}
    if method == INLINE or client.can("textDocument.completion.contextSupport"):
        asked["context"] = {"triggerKind": 1}
    found = (await client.request(method, asked))["items"]
    assert found
    return list(found)


async def test_the_encoding_is_the_first_that_the_client_names_or_what_it_counts(client: RecordedClient) -> None:
    """An editor that gives two servers of a document different encodings puts the one of both first (Neovim)."""
    named = client.known.get("general", {}).get("positionEncodings")
    assert client.encoding == (named or ["utf-16"])[0]


# -- text and columns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "replace"])
async def test_ghost_text_stands_where_the_cursor_is(client: RecordedClient, name: str) -> None:
    uri, (before, after) = uri_of(name), WIDE.split(MARK)
    (item,) = await items(client, INLINE, uri, client.opened(uri, WIDE))
    text = client.edited(before + after, [{"range": item["range"], "newText": item["insertText"]}])
    assert text == f"{before}<{before[-20:]}>{after[1 if name == 'replace' else 0 :]}"


@pytest.mark.parametrize("name", ["plain", "replace", "two"])
async def test_the_popups_item_is_inserted_whole(client: RecordedClient, name: str) -> None:
    uri, (before, after) = uri_of(name), WIDE.split(MARK)
    first, *others = await items(client, POPUP, uri, client.opened(uri, WIDE))
    wanted = f"{before}<{before[-20:]}>{after[1 if name == 'replace' else 0 :]}"
    assert client.accepted(before + after, first) == wanted
    assert [client.accepted(before + after, item) for item in others] == [f"{before}other{after}"] * (name == "two")


async def test_several_lines(client: RecordedClient) -> None:
    """As a snippet where that is what the client takes, else as they are, and one line where it would cut them."""
    uri, before = uri_of("multi"), "é = '😀'\nx"
    position = client.opened(uri, f"{before}{MARK}\n")
    (item,) = await items(client, POPUP, uri, position)
    shown = MULTI_LINE.split("\n")[0] if client.name == "ale" else MULTI_LINE
    assert client.accepted(f"{before}\n", item) == f"{before}{shown}\n"
    snippets = client.can(f"{POPUP_ITEM}.snippetSupport")
    assert item["insertTextFormat"] == (2 if snippets else 1)
    (item,) = await items(client, INLINE, uri, position)
    assert item["insertText"] == MULTI_LINE


async def test_edits_are_understood(client: RecordedClient) -> None:
    uri = uri_of("typed")
    client.opened(uri, WIDE)
    for old, new in [
        ("na", "é\u0301😀"),
        (FAMILY, "x"),
        ("'😀' +", "'𝒳'\r\n+"),
        ("\r\nend", ""),
        ("e\u0301", "😀\n"),
    ]:
        client.replace(uri, old, new)
    buffer = client.buffers[uri]
    changed = [event for event in (await client.status())["events"] if event[:2] == ["changed", uri]]
    assert changed[-1][2:] == [buffer.version, buffer.text[-200:]]
    cursor = client.position(buffer.text, buffer.text.index(") #"))
    (item,) = await items(client, INLINE, uri, cursor)
    assert item["insertText"] == f"<{buffer.text.split(') #')[0][-20:]}>"


async def test_hints_lie_on_their_characters(client: RecordedClient) -> None:
    uri, text = uri_of("reviewed"), f"a = '😀é' < b\r\n'{ACCENTED}{FAMILY}' < c\r\n"
    client.opened(uri, f"{text}{MARK}")
    asked = {"command": "lspExperts.review", "arguments": [{"textDocument": {"uri": uri}}]}
    await client.request("workspace/executeCommand", asked)
    hints = "textDocument/publishDiagnostics"
    (told,) = await client.until(lambda: [each for each in client.notified(hints) if each["uri"] == uri])
    assert [client.offset(text, each["range"]["start"]) for each in told["diagnostics"]] == [
        at for at, char in enumerate(text) if char == "<"
    ]
    assert ("version" in told) == client.can("textDocument.publishDiagnostics.versionSupport")


# -- edits ------------------------------------------------------------------------------------------------------------

OLD = f"{FAMILY} old"
SOURCE = f"x = '😀é'\r\ny = '{ACCENTED}{OLD}' # 😀{MARK}"
AFTER = SOURCE.replace(OLD, NEW).replace(MARK, "")


async def chosen(client: RecordedClient, name: str) -> tuple[str, dict[str, Any]]:
    """A new document that is offered the action `name`, and the entry for it."""
    uri = uri_of(name)
    client.opened(uri, SOURCE)
    (entry,) = await client.menu(uri, OLD)
    assert entry["title"] == f"Do {name}"
    return uri, entry


async def applied(client: RecordedClient, uri: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The edit that comes of an entry; the document is as it should be then."""
    count = len(client.edits)
    await client.choose(entry)
    await client.until(lambda: len(client.edits) > count)
    edit = client.edits[-1]
    client.apply(edit)
    assert client.buffers[uri].text == AFTER
    return edit


async def test_an_edit_is_exactly_its_range(client: RecordedClient) -> None:
    uri, entry = await chosen(client, "completeBody")
    assert ("data" in entry) == (client.name == "neovim")  # resolved once chosen; the others run its command
    edit = await applied(client, uri, entry)
    assert list(edit) == ["documentChanges" if client.can("workspace.workspaceEdit.documentChanges") else "changes"]


async def test_an_edit_of_two_documents_is_one(client: RecordedClient) -> None:
    client.opened(OTHER, f"a = '{ACCENTED}😀'{MARK} # 😀\n")
    uri, entry = await chosen(client, "translate")
    edit = await applied(client, uri, entry)
    assert client.buffers[OTHER].text == f"a = '{ACCENTED}{NEW}' # 😀\n"
    assert len(edit.get("changes") or edit["documentChanges"]) == 2


async def test_a_file_is_created_or_nothing_is_changed(client: RecordedClient) -> None:
    uri, entry = await chosen(client, "writeTest")
    if "create" in (client.capabilities["workspace"].get("workspaceEdit", {}).get("resourceOperations") or ()):
        edit = await applied(client, uri, entry)
        assert [each.get("kind") for each in edit["documentChanges"]] == ["create", None, None]
        assert client.buffers[CREATED].text == NEW
        return
    count = len(client.edits)
    await client.choose(entry)
    await client.until(lambda: [m for m in shown(client) if "cannot create files" in m])
    assert (len(client.edits), client.buffers[uri].text) == (count, SOURCE.replace(MARK, ""))


async def test_an_edit_that_needs_a_yes(client: RecordedClient) -> None:
    """Annotated where the client asks about such edits; else the server asks, unless nothing is ever answered."""
    uri, entry = await chosen(client, "simplify")
    questions = "window/showMessageRequest"
    before = len(client.notified(questions))
    if client.name == "ale":
        await client.choose(entry)
        await client.until(lambda: [m for m in shown(client) if "cannot ask you" in m])
        assert client.buffers[uri].text == SOURCE.replace(MARK, "")
        return
    edit = await applied(client, uri, entry)
    annotates = client.can("workspace.workspaceEdit.changeAnnotationSupport")
    assert ("changeAnnotations" in edit, len(client.notified(questions)) - before) == (annotates, not annotates)


async def test_what_cannot_be_chosen_is_shown_where_its_reason_is_shown(client: RecordedClient) -> None:
    uri = uri_of("addTypes")
    client.opened(uri, SOURCE)
    menu = await client.menu(uri, "old", triggerKind=1)
    can = client.can("textDocument.codeAction.disabledSupport")
    assert ["No installed expert" in entry["disabled"]["reason"] for entry in menu] == [True] * can


async def test_a_text_to_read(client: RecordedClient) -> None:
    _, entry = await chosen(client, "explain")
    documents = "window/showDocument"
    before = len(client.notified(documents))
    await client.choose(entry)
    if client.can("window.showDocument.support"):
        await client.until(lambda: len(client.notified(documents)) > before)
    else:
        await client.until(lambda: [m for m in shown(client) if TOLD in m])


def shown(client: RecordedClient) -> list[str]:
    """What popped up."""
    return [params["message"] for params in client.notified("window/showMessage")]


# -- waits ------------------------------------------------------------------------------------------------------------


def steps(client: RecordedClient, token: Any) -> list[str]:
    """The steps of one progress."""
    return [each["value"]["kind"] for each in client.notified("$/progress") if each["token"] == token]


def bars(client: RecordedClient, title: str) -> list[Any]:
    """The tokens of the progress with this title."""
    told = client.notified("$/progress")
    return [each["token"] for each in told if each["value"].get("title", "").startswith(title)]


async def test_a_load_is_a_bar_or_two_lines_in_the_log(client: RecordedClient) -> None:
    uri = uri_of("load")
    client.opened(uri, f"x{MARK}")
    has_bars = client.can("window.workDoneProgress")
    if has_bars:
        await client.until(lambda: bars(client, "Loading expert"))
    else:
        await client.until(lambda: client.notified("window/logMessage"))
    client.replace(uri, "x", "y")
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    if has_bars:
        (token,) = bars(client, "Loading expert")
        await client.until(lambda: steps(client, token)[-1] == "end")
        assert token in [each["token"] for each in client.notified("window/workDoneProgress/create")]
        assert steps(client, token) == ["begin", "report", "end"]
    else:
        await client.until(lambda: len(client.notified("window/logMessage")) == 2)


async def test_what_runs_can_be_ended(client: RecordedClient) -> None:
    """By Cancel where there is a bar; by the user's next key everywhere."""
    uri, entry = await chosen(client, "rename")
    number = client.choose_later(entry)
    if client.can("window.workDoneProgress"):
        await client.until(lambda: bars(client, "Do rename"))
        token = bars(client, "Do rename")[-1]
        client.notify("window/workDoneProgress/cancel", {"token": token})
        await client.until(lambda: steps(client, token)[-1] == "end")
        kind = "cancelled"
    else:
        await client.until(lambda: [each for each in client.notified("window/logMessage") if "rename" in str(each)])
        client.replace(uri, "old", "older")
        await client.until(lambda: [m for m in shown(client) if "changed meanwhile" in m])
        kind = "document changed"
    await client.answer(number)
    assert (await client.status())["actions"]["refused"][kind] == 1


async def test_a_token_of_the_client_is_used_as_it_is(client: RecordedClient) -> None:
    """Where the client waits for the answer: the others were answered already, and their token is over then."""
    _, entry = await chosen(client, "rename")
    if "command" not in entry or client.name in ("eglot", "lsp-mode"):
        return
    number = client.choose_later(entry, workDoneToken="mine")
    await client.until(lambda: steps(client, "mine"))
    client.notify("$/cancelRequest", {"id": number})
    assert (await client.answer(number))["error"]["code"] == -32800
    await client.until(lambda: steps(client, "mine")[-1] == "end")


# -- settings, commands, status ---------------------------------------------------------------------------------------


async def until_max_tokens(client: RecordedClient, wanted: int) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while (await client.status())["settings"]["maxTokens"] != wanted:
            pass


async def test_settings_are_pulled_or_pushed(client: RecordedClient) -> None:
    push, pull = "workspace/didChangeConfiguration", "workspace/configuration"
    pulls = client.can("workspace.configuration")
    await until_max_tokens(client, 11 if pulls else 48)
    client.notify(push, {"settings": {"lspExperts": {"maxTokens": 12}}})
    await until_max_tokens(client, 12)
    before = len(client.notified(pull))
    client.replies[pull] = [{"maxTokens": 13}]
    for hint in ({}, None, {"other": 1}):
        client.notify(push, {"settings": hint})
    await client.until(lambda: len(client.notified(pull)) == before + (3 if pulls else 0))
    await until_max_tokens(client, 13 if pulls else 12)
    registered = client.notified("client/registerCapability")
    assert len(registered) == client.can("workspace.didChangeConfiguration.dynamicRegistration")


async def test_the_accepted_command(client: RecordedClient) -> None:
    """Every inline item carries it; the popup's where the client runs it."""
    uri = uri_of("accepted")
    position = client.opened(uri, WIDE)
    (inline,) = await items(client, INLINE, uri, position)
    (popup,) = await items(client, POPUP, uri, position)
    assert ("command" in popup) == (client.name != "ale")
    for item in (inline, *[popup] * ("command" in popup)):
        assert item["command"]["command"] == "lspExperts.accepted"
        command = {"command": item["command"]["command"], "arguments": item["command"]["arguments"]}
        assert await client.request("workspace/executeCommand", command) is None
    assert (await client.request("workspace/executeCommand", {"command": "other.command"}))["code"] == -32602


async def test_the_walk_sees_what_a_client_was_told(client: RecordedClient) -> None:
    """The same messages, to a client that declares nothing: without this, an empty walk would pass."""
    uri = uri_of("multi")
    await items(client, POPUP, uri, client.opened(uri, WIDE))
    declared, client.capabilities = client.capabilities, {"workspace": {}}
    found = {each.rpartition(".")[2] for each in client.undeclared()}
    client.capabilities = declared
    asked = {"configuration": "workspace.configuration", "snippetSupport": f"{POPUP_ITEM}.snippetSupport"}
    assert {name for name, path in asked.items() if client.can(path)} == found & set(asked)


async def test_the_status_is_told_to_those_who_want_it(home: Path) -> None:
    """The sessions above show that nobody else hears of it: the walk knows the message."""
    async with RecordedClient.started("ale", home, experimental={"lspExpertsStatus": True}) as client:
        uri = uri_of("plain")
        await items(client, INLINE, uri, client.opened(uri, WIDE))
        await client.until(lambda: [s for s in client.notified("lspExperts/status") if s["focused"]["uri"] == uri])
        assert set(client.notified("lspExperts/status")[-1]) == set(await client.status())
