"""What somebody who types sees of an engine that breaks in the middle of a request (W4 to W8)."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.supervised import World, load, request

from lsp_experts.errors import EngineError
from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.real_server import (
    answer_to,
    ask,
    asked_until_told,
    messages,
    open_document,
    serving,
    suggestion,
)
from lsp_experts.lab.faults.talk import status

GO, HTML = "untitled:a.go", "untitled:a.html"
LAST_WORDS = "\n".join(f"line {number}" for number in range(30))


def open_both(client: RawClient) -> None:
    open_document(client, GO, "go")
    open_document(client, HTML, "html", "<ul>\n")


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", ["longline@complete2", "exit0@complete2"])
async def test_a_break_costs_one_answer_and_no_word(home: Path, tmp_path: Path, fault: str) -> None:
    async with serving(home, command=(*SCRIPTED, fault, f"once:{tmp_path / 'happened'}")) as client:
        open_document(client, GO, "go")
        assert await suggestion(client, GO)
        assert await answer_to(client, ask(client, GO)) == ""
        assert (await status(client))["silences"]["engine died"] == 1
        assert await suggestion(client, GO)
        assert messages(client) == []


@pytest.mark.asyncio
async def test_an_expert_that_kills_twice_is_named_once_and_leaves_the_others_alone(home: Path) -> None:
    faults = ("die:SIGSEGV@complete:go-carved", f"stderr:{LAST_WORDS}")
    async with serving(home, command=(*SCRIPTED, *faults)) as client:
        open_both(client)
        await asked_until_told(client, GO, "go-carved is switched off")
        assert await suggestion(client, HTML, "<ul>\n")
        assert await answer_to(client, ask(client, GO)) == ""
        (message,) = messages(client)
        assert message.splitlines()[-20:] == LAST_WORDS.splitlines()[-20:]
        assert "line 9" not in message.splitlines()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("SIGILL", "CMAKE_ARGS=-DGGML_NATIVE=OFF"),
        ("SIGKILL", "lspExperts.memoryBudgetBytes"),
        ("SIGSEGV", "lsp-experts verify go"),
        ("SIGABRT", "lsp-experts verify go"),
        ("SIGBUS", "lsp-experts verify go"),
    ],
)
async def test_each_way_to_die_has_its_remedy(tmp_path: Path, name: str, remedy: str) -> None:
    world = World(tmp_path / "extra_bufts.json", [(f"die:{name}@complete",)])
    try:
        for _ in range(2):
            await world.supervisor.load(load())
            with pytest.raises(EngineError):
                await world.supervisor.complete(request()).result()
        (message,) = world.messages
        assert name in message and remedy in message
    finally:
        await world.supervisor.close()
