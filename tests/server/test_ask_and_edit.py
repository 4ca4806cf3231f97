"""lspExperts.ask and lspExperts.edit, from the argument to what the client gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from actions.scripted import ScriptedGenerator
from server.action_client import URI, ActionClient, span

pytestmark = pytest.mark.asyncio
COMMAND = "workspace/executeCommand"


async def call(editor: ActionClient, command: str, **argument: Any) -> Any:
    """The command's answer."""
    params = {"command": command, "arguments": [{"textDocument": {"uri": URI}, **argument}]}
    return await editor.call(COMMAND, params)


@pytest.mark.parametrize("where", [{}, {"range": span(0, 0, 1, 8)}], ids=["the file", "a selection"])
async def test_a_question(where: dict[str, Any], tmp_path: Path) -> None:
    generator = ScriptedGenerator("It does nothing.")
    editor = ActionClient(tmp_path, (), generator=generator)
    editor.on["window/showDocument"] = {"success": True}
    await editor.start("vscode")
    answer = await call(editor, "lspExperts.ask", instruction="What does it do?", **where)
    assert answer["text"].startswith("It does nothing.")
    (followed,) = generator.asked
    assert "What does it do?" in followed.asked and "pass" in followed.asked
    assert len(editor.told("window/showDocument")) == 1
    assert (await editor.status())["runs"] == {"ask": 1}


async def test_an_instruction(tmp_path: Path) -> None:
    generator = ScriptedGenerator("def f():\n    return 1\n```")
    editor = ActionClient(tmp_path, (), generator=generator)
    editor.on["workspace/applyEdit"] = {"applied": True}
    await editor.start("vscode")
    selection = span(0, 0, 1, 8)
    assert await call(editor, "lspExperts.edit", range=selection, instruction="Return one") == {"applied": True}
    (applied,) = editor.told("workspace/applyEdit")
    (change,) = applied["edit"]["documentChanges"]
    assert "return 1" in change["edits"][0]["newText"]


@pytest.mark.parametrize("command", ["lspExperts.ask", "lspExperts.edit"])
@pytest.mark.parametrize("instruction", ["", "  ", None, 3, "x" * 20_001])
async def test_there_has_to_be_an_instruction(command: str, instruction: Any, tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, ())
    await editor.start("vscode")
    error = await call(editor, command, range=span(0, 0), instruction=instruction)
    assert error["code"] == -32602
    assert '"instruction": "..."' in error["message"]


async def test_without_an_expert_it_says_so(tmp_path: Path) -> None:
    editor = ActionClient(tmp_path, (), generator=ScriptedGenerator(follows=False))
    await editor.start("vscode")
    answer = await call(editor, "lspExperts.ask", instruction="Why?")
    assert answer["refused"].startswith("No expert can")
    assert editor.shown == [answer["refused"]]
