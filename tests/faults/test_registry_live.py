"""A registry that breaks while a server runs, and numbers that nobody may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.registry_files import inserted_text, put
from lsp_experts.lab.faults.registry_mutations import TEXT, Make, whole_files
from lsp_experts.paths import default_paths
from lsp_experts.settings import Settings, from_options

FILES = whole_files()
REPLACED = ("half-written", "empty", "folder", "FIFO", "link to itself", "100 MB, sparse", "gone")


def made(name: str) -> Make:
    """What takes the place of a registry."""
    others: dict[str, Make] = {"half-written": lambda path: path.write_bytes(TEXT[:300]), "gone": lambda _path: None}
    return others.get(name) or FILES[name]


def told(client: RawClient) -> list[str]:
    return [each["params"]["message"] for each in client.sent if each["method"] == "window/showMessage"]


@pytest.mark.asyncio
async def test_a_server_keeps_what_it_read(home: Path) -> None:
    """The last good registry serves on, whatever becomes of the file, also after a change of the configuration."""
    overlay = default_paths().overlay
    put(overlay, lambda path: path.write_bytes(TEXT))
    async with RawClient.start({"LSP_EXPERTS_HOME": str(home)}, SCRIPTED) as client:
        await client.call(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        client.notify("initialized", {})
        assert await inserted_text(client, "untitled:first", "html", "<ul>\n")
        for number, name in enumerate(REPLACED):
            put(overlay, made(name))
            client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": {"maxLines": 3 + number}}})
            language, text = ("go", "package main\n") if number % 2 else ("html", "<ul>\n")
            assert await inserted_text(client, f"untitled:{number}", language, text), name
        assert told(client) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memoryBudgetBytes", -1),
        ("memoryBudgetBytes", 1 << 51),
        ("threads", -1),
        ("threads", 10**9),
        ("threads", True),
        ("maxTokens", 0),
        ("maxTokens", 10**9),
        ("maxTokens", float("nan")),
        ("maxTokens", 2**31),
        ("choices", 0),
        ("gpuLayers", -2),
        ("prefixChars", 10**30),
        ("timeLimitMs", -1),
        ("confidence", float("nan")),
        ("confidence", float("inf")),
        ("reviewBudget", -0.1),
    ],
)
def test_numbers_out_of_range_never_get_further(name: str, value: object) -> None:
    settings, problems = from_options({name: value})
    assert settings == Settings()
    assert len(problems) == 1
    assert problems[0].startswith(f"lspExperts.{name}: ")
