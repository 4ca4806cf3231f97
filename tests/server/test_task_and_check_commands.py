"""lspExperts.task and lspExperts.check as a client sees them; no workspace and no setting can plant a command."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from actions.places import ScriptedFiles
from actions.scripted import ScriptedGenerator
from server.action_client import TEXT, URI, ActionClient, span

from lsp_experts.actions.check.checks import Checks
from lsp_experts.actions.check.configured import set_check
from lsp_experts.actions.tasks.run import Tasks
from lsp_experts.paths import default_paths
from lsp_experts.server.ports import Host, OpenViews, Parts
from lsp_experts.settings import Settings

asynchronous = pytest.mark.asyncio
RUN = "workspace/executeCommand"
APPLY = "workspace/applyEdit"
BODY = "def f():\n    return 1\n```"


class Client(ActionClient):
    """With tasks and checks."""

    def _build(self, settings: Settings, host: Host, views: OpenViews) -> Parts:
        parts = super()._build(settings, host, views)
        assert parts.files is not None and parts.generator is not None
        tasks = Tasks(parts.files, parts.generator, lambda: settings)
        return replace(parts, tasks=tasks, checks=Checks(default_paths(), parts.files, parts.generator))

    async def run(self, command: str, *arguments: Any) -> Any:
        return await self.call(RUN, {"command": command, "arguments": list(arguments)})


def files(folder: Path, texts: dict[str, str]) -> ScriptedFiles:
    return ScriptedFiles(texts, opened=list(texts), folder_uri=folder.as_uri())


# -- task -------------------------------------------------------------------------------------------------------------


def asked(**more: Any) -> dict[str, Any]:
    return {"textDocument": {"uri": URI}, "instruction": "let f() return 1 in a.py", **more}


@asynchronous
async def test_a_task_is_one_edit_that_the_user_confirms(tmp_path: Path) -> None:
    client = Client(
        tmp_path, [], files=ScriptedFiles({"a.py": TEXT}, opened=["a.py"]), generator=ScriptedGenerator(BODY)
    )
    client.on[APPLY] = {"applied": True}
    await client.start()
    assert await client.run("lspExperts.task", asked()) == {"applied": True}
    (applied,) = client.told(APPLY)
    edit = applied["edit"]
    assert [note["needsConfirmation"] for note in edit["changeAnnotations"].values()] == [True]
    (change,) = edit["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    assert client.shown == ["Task: let f() return 1 in a.py: 1 step done."]
    assert client.server.actions.touched == {URI}


@asynchronous
@pytest.mark.parametrize("argument", [asked(instruction=" "), {"instruction": "x"}, "fix it", asked(range=3)])
async def test_another_form_is_refused_with_the_right_one(argument: Any, tmp_path: Path) -> None:
    client = Client(tmp_path, [])
    await client.start()
    error = await client.run("lspExperts.task", argument)
    assert error["code"] == -32602
    assert '"instruction"' in error["message"]
    assert client.shown == []


@asynchronous
async def test_what_is_selected_is_rewritten_and_nothing_without_a_range(tmp_path: Path) -> None:
    client = Client(tmp_path, [], files=ScriptedFiles({"a.py": TEXT}, opened=["a.py"]),
                    generator=ScriptedGenerator(f"# Says it.\n{BODY}", "    return 1\n```"))  # fmt: skip
    client.on[APPLY] = {"applied": True}
    await client.start()
    await client.run("lspExperts.task", asked())
    await client.run("lspExperts.task", asked(range=span(1, 4, 1, 8)))
    starts = [told["edit"]["documentChanges"][0]["edits"][0]["range"]["start"]["line"] for told in client.told(APPLY)]
    assert starts == [0, 1]


@asynchronous
async def test_a_task_of_which_nothing_comes_is_refused_once(tmp_path: Path) -> None:
    client = Client(tmp_path, [], files=ScriptedFiles({"a.py": TEXT}, opened=["a.py"]))
    await client.start()
    refused = await client.run("lspExperts.task", asked())
    assert refused["refused"].startswith("Nothing came of the task. a.py: ")
    assert client.shown == [refused["refused"]]
    assert client.told(APPLY) == []


@asynchronous
async def test_a_change_of_the_document_ends_it(tmp_path: Path) -> None:
    client = Client(
        tmp_path, [], files=ScriptedFiles({"a.py": TEXT}, opened=["a.py"]), generator=ScriptedGenerator(BODY)
    )
    await client.start()
    refused = await client.run("lspExperts.task", asked(textDocument={"uri": URI, "version": 7}))
    assert "changed meanwhile" in refused["refused"]
    assert client.told(APPLY) == []


# -- check ------------------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_check_that_passes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("broken(")
    set_check(default_paths(), tmp_path, f"{sys.executable} -B a.py")
    client = Client(tmp_path / "state", [], files=files(tmp_path, {"a.py": TEXT}))
    await client.start()
    told = await client.run("lspExperts.check")
    assert (told["passed"], told["exitCode"], told["errors"]) == (True, 0, [])
    assert told["command"] == f"{sys.executable} -B a.py"
    assert len(client.shown) == 1
    assert "passed" in client.shown[0]


@asynchronous
async def test_a_check_that_fails_is_repaired_for_the_user_to_confirm(tmp_path: Path) -> None:
    broken = "def f():\n    return g\n\n\nf()\n"
    set_check(default_paths(), tmp_path, f"{sys.executable} -B a.py")
    client = Client(tmp_path / "state", [], files=files(tmp_path, {"a.py": broken}), generator=ScriptedGenerator(BODY))
    client.on[APPLY] = {"applied": True}
    await client.start()
    client.open(f"{tmp_path.as_uri()}/a.py", broken)
    told = await client.run("lspExperts.check")
    assert (told["passed"], told["applied"]) == (False, True)
    assert told["errors"] == [{"path": "a.py", "line": 2, "column": 0, "message": "NameError: name 'g' is not defined"}]
    assert client.shown == ["Repair what the check found: The check passed after the repair."]


@asynchronous
async def test_without_the_repair_the_errors_are_all(tmp_path: Path) -> None:
    set_check(default_paths(), tmp_path, f"{sys.executable} -B a.py")
    generator = ScriptedGenerator(BODY)
    client = Client(tmp_path / "state", [], files=files(tmp_path, {"a.py": "f()\n"}), generator=generator)
    await client.start()
    told = await client.run("lspExperts.check", {"repair": False})
    assert [error["message"] for error in told["errors"]] == ["NameError: name 'f' is not defined"]
    assert generator.asked == []
    assert len(client.shown) == 1


@asynchronous
async def test_a_failure_that_nothing_can_repair_is_one_message(tmp_path: Path) -> None:
    set_check(default_paths(), tmp_path, f"{sys.executable} -c 'raise SystemExit(3)'")
    client = Client(tmp_path / "state", [], files=files(tmp_path, {"a.py": TEXT}))
    await client.start()
    told = await client.run("lspExperts.check")
    assert (told["passed"], told["exitCode"]) == (False, 3)
    assert client.shown == [told["refused"]]
    assert "failed with exit code 3" in told["refused"]


@asynchronous
async def test_no_workspace_and_no_client_plants_a_command(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    command = f"{sys.executable} -c \"open({str(planted)!r}, 'w')\""
    document = json.dumps({"version": 1, "checks": {str(tmp_path): command}})
    settings = {"check": command, "checks": {str(tmp_path): command}, "checkCommand": command, "command": command}
    for name, text in {
        "check.json": document,
        "config/check.json": document,
        ".vscode/settings.json": json.dumps({"lspExperts": settings, "lspExperts.check": command}),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    client = Client(tmp_path / "state", [], files=files(tmp_path, {"a.py": TEXT}))
    client.on["workspace/configuration"] = [settings]
    await client.start()
    client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": settings}})
    for argument in (settings, {"command": command}, command, [command]):
        told = await client.run("lspExperts.check", argument)
        assert "lsp-experts check --set" in told["refused"]
    assert not planted.exists()
