"""The menu and what comes of it, as the recorded clients meet them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actions.places import ScriptedFiles
from actions.scripted import ScriptedGenerator
from server.action_client import HURRIED, SILENT, URI, ActionClient, action, replaced, span

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.outcome import Change, Edited, Outcome, Told
from lsp_experts.actions.table import ACTIONS
from lsp_experts.server.commands import code_actions

pytestmark = pytest.mark.asyncio
APPLIED = {"applied": True}


async def rewrite(job: Job) -> Outcome:
    return replaced(job)


async def tell(job: Job) -> Outcome:
    return Told("What it does", "It does **nothing**.\n\nReally.")


async def create(job: Job) -> Outcome:
    return Edited("Make a file", (Change("file:///w/new.py", 0, 0, "text\n", creates=True),))


async def careful(job: Job) -> Outcome:
    return replaced(job, confirm=True, note="Made by rule.")


def ask_first(need: Any) -> Action:
    """An action that needs an expert."""
    made = action("simplify", rewrite)
    return Action(made.name, need, made.offers, made.run)


EDITS, TELLS = action("completeBody", rewrite), action("explain", tell, Offer("Explain f", "source", {}))


@pytest.mark.parametrize(
    ("client", "forms"),
    [
        ("vscode", {"Do completeBody": "command", "Explain f": "command"}),
        ("neovim", {"Do completeBody": "data", "Explain f": "command"}),
        ("eglot", {"Do completeBody": "command", "Explain f": "command"}),
        ("lsp-mode", {"Do completeBody": "command", "Explain f": "command"}),
        ("ale", {"Do completeBody": "command", "Explain f": "command"}),
    ],
)
async def test_the_form_of_an_entry(client: str, forms: dict[str, str], tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS, TELLS))
    await editor.start(client)
    menu = await editor.menu()
    assert {entry["title"]: next(key for key in ("command", "data") if key in entry) for entry in menu} == forms
    assert [entry["kind"] for entry in menu] == ["refactor.rewrite", "source"]
    assert not [entry for entry in menu if "isPreferred" in entry or "edit" in entry]


async def test_a_client_that_says_nothing_gets_commands_that_only_tell(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS, TELLS))
    await editor.start({})
    (entry,) = await editor.menu()
    assert (entry["title"], entry["command"]) == ("Explain f", "lspExperts.explain")
    result = (await editor.answer(editor.command(entry)))["result"]
    assert result == {"title": "What it does", "text": "It does **nothing**.\n\nReally."}
    assert editor.shown == ["What it does\n\nIt does **nothing**.\n\nReally."]


@pytest.mark.parametrize(
    ("client", "form", "answered"),
    [("vscode", "documentChanges", APPLIED), ("eglot", "documentChanges", None), ("lsp-mode", "documentChanges", None)],
)
async def test_a_command_applies_the_edit(client: str, form: str, answered: Any, tmp_path: Path) -> None:
    """Emacs stands still until a command is answered: it is answered before the work is done."""
    editor = ActionClient(tmp_path, (EDITS,))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start(client)
    (entry,) = await editor.menu()
    assert (await editor.answer(editor.command(entry)))["result"] == answered
    await editor.until(lambda: editor.told("workspace/applyEdit"))
    (applied,) = editor.told("workspace/applyEdit")
    assert applied["label"] == "Make it new"
    (change,) = applied["edit"][form]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    assert change["edits"] == [{"range": span(0, 0, 0, 8), "newText": "new"}]


async def test_ale_is_sent_the_edit_and_never_answers(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS, action("simplify", careful)), patience=HURRIED)
    editor.on["workspace/applyEdit"] = SILENT
    await editor.start("ale")
    entry, asks = await editor.menu()
    assert (await editor.answer(editor.command(entry)))["result"] == {"applied": None}
    (applied,) = editor.told("workspace/applyEdit")
    assert applied["edit"] == {"changes": {URI: [{"range": span(0, 0, 0, 8), "newText": "new"}]}}
    assert "cannot ask you" in (await editor.answer(editor.command(asks)))["result"]["refused"]


async def test_neovim_resolves(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS,))
    await editor.start("neovim")
    (entry,) = await editor.menu()
    resolved = await editor.call("codeAction/resolve", entry)
    assert resolved["edit"] == {"changes": {URI: [{"range": span(0, 0, 0, 8), "newText": "new"}]}}
    assert "data" not in resolved
    assert not editor.told("workspace/applyEdit")
    assert (await editor.status())["runs"] == {"completeBody": 1}


async def test_what_has_a_command_is_resolved_already(tmp_path: Path) -> None:
    """Helix resolves such entries and stands still meanwhile: no model may run."""
    editor = ActionClient(tmp_path, (EDITS,))
    await editor.start("vscode")
    (entry,) = await editor.menu()
    assert await editor.call("codeAction/resolve", entry) == entry
    assert (await editor.status())["runs"] == {}


async def test_a_text_is_shown_where_an_edit_was_resolved(tmp_path: Path) -> None:
    """eglot would resolve for ever what keeps its data and has no edit."""
    editor = ActionClient(tmp_path, (action("completeBody", tell),))
    editor.on["window/showDocument"] = {"success": True}
    await editor.start("neovim")
    (entry,) = await editor.menu()
    resolved = await editor.call("codeAction/resolve", entry)
    assert {"edit", "data"}.isdisjoint(resolved)
    assert len(editor.told("window/showDocument")) == 1


@pytest.mark.parametrize(("client", "can"), [("vscode", True), ("lsp-mode", True), ("neovim", True), ("eglot", False)])
async def test_creating_a_file(client: str, can: bool, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (action("writeTest", create),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start(client)
    (entry,) = await editor.menu()
    if "data" in entry:
        edit = (await editor.call("codeAction/resolve", entry))["edit"]
    else:
        editor.command(entry)
        await editor.until(lambda: editor.told("workspace/applyEdit") or editor.shown)
        edit = next((each["edit"] for each in editor.told("workspace/applyEdit")), None)
    if can:
        assert [change.get("kind") for change in edit["documentChanges"]] == ["create", None]
    else:
        assert "cannot create files" in editor.shown[0]


async def test_annotations_or_a_question(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (action("simplify", careful),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start("vscode")
    (entry,) = await editor.menu()
    assert (await editor.answer(editor.command(entry)))["result"] == APPLIED
    (note,) = editor.told("workspace/applyEdit")[0]["edit"]["changeAnnotations"].values()
    assert note == {"label": "Make it new", "needsConfirmation": True, "description": "Made by rule."}
    assert not editor.told("window/showMessageRequest")


@pytest.mark.parametrize(
    ("reply", "applies"),
    [({"title": "Apply"}, True), ({"title": "Cancel"}, False), (None, False), (SILENT, False), ("nonsense", False)],
)
async def test_only_yes_is_yes(reply: Any, applies: bool, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (action("simplify", careful),), patience=HURRIED)
    editor.on |= {"workspace/applyEdit": APPLIED, "window/showMessageRequest": reply}
    await editor.start("neovim")
    (entry,) = await editor.menu()
    resolved = await editor.call("codeAction/resolve", entry)
    (asked,) = editor.told("window/showMessageRequest")
    assert asked["message"] == "Make it new. Made by rule."
    assert [each["title"] for each in asked["actions"]] == ["Apply", "Cancel"]
    assert ("edit" in resolved) is applies
    if not applies:
        assert resolved == {"code": -32803, "message": "You did not say yes, so nothing was changed."}


async def test_what_this_machine_cannot_do_is_shown_where_that_can_be_shown(tmp_path: Path) -> None:
    lacking = ScriptedGenerator(follows=False)
    editor = ActionClient(tmp_path, (EDITS, ask_first("instruct")), generator=lacking)
    await editor.start("vscode")
    _, disabled = await editor.menu()
    assert "lsp-experts pull" in disabled["disabled"]["reason"]
    assert len(await editor.menu(trigger=2)) == 1  # the light bulb did not ask for reasons
    editor = ActionClient(tmp_path, (EDITS, ask_first("instruct")), generator=lacking)
    await editor.start("neovim")
    assert len(await editor.menu()) == 1


async def test_only_what_is_wanted(tmp_path: Path) -> None:
    fix = action("fixProblem", rewrite, Offer("Fix it", "quickfix"))
    editor = ActionClient(tmp_path, (EDITS, fix))
    await editor.start("vscode")
    for only, titles in ((["quickfix"], ["Fix it"]), (["refactor"], ["Do completeBody"]), (["source.fixAll"], [])):
        assert [entry["title"] for entry in await editor.menu(context={"only": only})] == titles


async def test_a_problem_is_the_one_that_was_sent(tmp_path: Path) -> None:
    seen: list[Any] = []

    async def fix(job: Job) -> Outcome:
        seen.append(job.place.problems)
        return replaced(job)

    editor = ActionClient(tmp_path, (action("fixProblem", fix, Offer("Fix it", "quickfix", {"p": 1}, fixes=(1,))),))
    editor.on["workspace/applyEdit"] = APPLIED
    await editor.start("vscode", "a = '😋'; b\n")
    wrong = {"range": span(0, 9, 0, 10), "message": "undefined: b", "source": "lint", "code": 7, "severity": 1}
    odd = {"range": span(99, 0, 2**31 - 1, 5), "message": "x" * 5000}
    (entry,) = await editor.menu(context={"diagnostics": [odd, wrong]})
    assert entry["diagnostics"] == [wrong]
    assert (await editor.answer(editor.command(entry)))["result"] == APPLIED
    first, second = seen[0]
    assert (first.start, first.end, len(first.message)) == (11, 11, 1000)
    assert (second.start, second.end, second.message, second.source, second.code) == (
        8,
        9,
        wrong["message"],
        "lint",
        "7",
    )


@pytest.mark.parametrize("client", ["vscode", "neovim"])
async def test_a_stale_choice_changes_nothing(client: str, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS,))
    await editor.start(client)
    (entry,) = await editor.menu()
    editor.type()
    words = "The document changed meanwhile, so nothing was changed. Choose it again."
    if client == "neovim":
        assert await editor.call("codeAction/resolve", entry) == {"code": -32801, "message": words}
        assert editor.shown == []  # it shows the error
    else:
        assert (await editor.answer(editor.command(entry)))["result"] == {"refused": words}
        assert editor.shown == [words]
    assert not editor.told("workspace/applyEdit")
    status = await editor.status()
    assert status["refused"] == {"stale": 1}
    assert status["lastRefusal"] == {"action": "completeBody", "reason": words}


async def test_a_file_that_changed_on_disk_changes_nothing(tmp_path: Path) -> None:
    other = "file:///w/b.py"

    async def both(job: Job) -> Outcome:
        mine = Change(URI, 0, 1, "X", 1)
        return Edited("Both", (mine, Change(other, 0, 3, "new", None, "as it was read\n")))

    for files, words in (
        (ScriptedFiles({"b.py": "another\n"}), "changed meanwhile"),
        (ScriptedFiles(), "is not there"),
        (ScriptedFiles(locked=["b.py"]), "cannot be written"),
    ):
        editor = ActionClient(tmp_path, (action("translate", both),), files=files)
        editor.on["workspace/applyEdit"] = APPLIED
        await editor.start("vscode")
        (entry,) = await editor.menu()
        result = (await editor.answer(editor.command(entry)))["result"]
        assert words in result["refused"]
        assert not editor.told("workspace/applyEdit")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"applied": False, "failureReason": "read-only"}, "did not apply the edit (read-only)"),
        ({"applied": False}, "did not apply the edit."),
        (SILENT, "did not say"),
        ({"applied": "perhaps"}, "did not say"),
        (NotImplementedError, "did not say"),
    ],
)
async def test_an_edit_that_the_client_does_not_apply(reply: Any, words: str, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS,), patience=HURRIED)
    editor.on["workspace/applyEdit"] = reply
    await editor.start("vscode")
    (entry,) = await editor.menu()
    assert words in (await editor.answer(editor.command(entry)))["result"]["refused"]
    assert len(editor.shown) == 1


@pytest.mark.parametrize(
    ("reply", "documents"), [({"success": True}, 1), ({"success": False}, 1), (SILENT, 1), (NotImplementedError, 1)]
)
async def test_a_long_text_is_a_document_or_a_message(reply: Any, documents: int, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (TELLS,), patience=HURRIED)
    editor.on["window/showDocument"] = reply
    await editor.start("vscode")
    (entry,) = await editor.menu()
    await editor.answer(editor.command(entry))
    assert len(editor.told("window/showDocument")) == documents
    assert len(editor.shown) == (0 if reply == {"success": True} else 1)
    (file,) = (tmp_path / "scratch").iterdir()
    assert file.read_text() == "# What it does\n\nIt does **nothing**.\n\nReally.\n"
    assert file.stat().st_mode & 0o077 == 0
    await editor.server.actions.close()
    assert not list((tmp_path / "scratch").iterdir())


async def test_a_short_text_is_a_message(tmp_path: Path) -> None:
    async def short(job: Job) -> Outcome:
        return Told("What it does", "Nothing.")

    editor = ActionClient(tmp_path, (action("explain", short),))
    await editor.start("vscode")
    (entry,) = await editor.menu()
    await editor.answer(editor.command(entry))
    assert editor.shown == ["Nothing."]


async def test_a_menu_of_no_document_is_empty(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (EDITS,))
    await editor.start("vscode")
    assert await editor.menu(textDocument={"uri": "file:///etc/passwd"}) == []
    assert await editor.menu(textDocument={"uri": URI, "version": 7}) == []
    assert len(await editor.menu(range=span(2**31 - 1, 2**31 - 1))) == 1
    assert len(await editor.menu(range=span(1, 3, 0, 0))) == 1
    assert (await editor.menu(context={"diagnostics": 3}))["code"] == -32602


async def test_the_table_is_the_one_of_the_commands() -> None:
    assert {each.name for each in ACTIONS} == set(code_actions.ACTIONS)


@pytest.mark.parametrize("client", ["vscode", "neovim"])
@pytest.mark.parametrize(
    ("run", "said"),
    [(rewrite, []), (careful, ["Make it new: Made by rule."]), (create, ["Make a file: Look at it, and save it."])],
)
async def test_what_the_user_does_not_see_is_said(client: str, run: Any, said: list[str], tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (action("completeBody", run),))
    editor.on["workspace/applyEdit"] = APPLIED
    editor.on["window/showMessageRequest"] = {"title": "Apply"}
    await editor.start(client)
    (entry,) = await editor.menu()
    if "data" in entry:
        assert "edit" in await editor.call("codeAction/resolve", entry)
    else:
        assert (await editor.answer(editor.command(entry)))["result"] == APPLIED
    assert editor.shown == said
