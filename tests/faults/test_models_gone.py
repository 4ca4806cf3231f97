"""Model files that change, shrink or vanish, before they are loaded and while they are in memory (M2-M4, M6, M7)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import (
    answer_to,
    ask,
    engine_below,
    expert_of,
    expert_state,
    install,
    messages,
    open_document,
    serving,
    suggestion,
)
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store

GO, HTML = "untitled:a.go", "untitled:a.html"
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "html": lambda data: data[:-4096] + bytes(4096),  # M2
    "css": lambda data: data + b"\0",  # M3
    "rust": lambda data: data[:-1] + bytes([data[-1] ^ 1]),  # M4
}


def stored(language: str) -> Path:
    """Where the file of the language's expert is."""
    return Store(default_paths().store).find(expert_of(language)).path


def put_in(tiny_gguf: Path, folder: Path, *languages: str) -> None:
    """An expert with a file of its own for each language."""
    files = {}
    for number, language in enumerate(languages):
        data = bytearray(tiny_gguf.read_bytes())
        data[-1] ^= number << 1
        files[language] = folder / f"{language}.gguf"
        files[language].write_bytes(data)
    install(default_paths(), files)


async def reason(client: RawClient, language: str) -> str:
    """Why the language's expert is not in memory, "" where it says nothing."""
    return str((await expert_state(client, language)).get("reason", ""))


@pytest.mark.asyncio
async def test_a_file_that_is_not_what_was_pulled_never_reaches_the_engine(
    home: Path, tmp_path: Path, tiny_gguf: Path
) -> None:
    put_in(tiny_gguf, tmp_path, *CHANGES)
    for language, change in CHANGES.items():
        file = stored(language)
        file.write_bytes(change(file.read_bytes()))
    async with serving(home) as client:
        for language in CHANGES:
            open_document(client, f"untitled:{language}", language)
            # Before the refusal, the reason is that the expert waits for its turn to load.
            while f"lsp-experts pull {expert_of(language)}" not in (await reason(client, language)):
                assert await answer_to(client, ask(client, f"untitled:{language}")) == ""
        with pytest.raises(ProcessLookupError):
            engine_below(client.process.pid)


@pytest.mark.asyncio
async def test_a_file_cut_off_under_the_engine_costs_one_death(home: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    put_in(tiny_gguf, tmp_path, "go", "html")
    async with serving(home) as client:
        for uri, language in ((HTML, "html"), (GO, "go")):
            open_document(client, uri, language)
            assert await suggestion(client, uri)
        os.truncate(stored("go"), 4096)
        assert await answer_to(client, ask(client, GO)) == ""
        assert await suggestion(client, HTML)
        assert await answer_to(client, ask(client, GO)) == ""
        assert "4096 bytes" in await reason(client, "go")
        assert messages(client) == []


@pytest.mark.asyncio
async def test_a_deleted_file_serves_until_it_leaves_memory(home: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    put_in(tiny_gguf, tmp_path, "go")
    async with serving(home) as client:
        open_document(client, GO, "go")
        assert await suggestion(client, GO)
        stored("go").unlink()
        assert await answer_to(client, ask(client, GO))
        engine_below(client.process.pid).kill()
        while "is gone" not in (gone := await reason(client, "go")):
            await answer_to(client, ask(client, GO))
        assert f"lsp-experts pull {expert_of('go')}" in gone
        assert await answer_to(client, ask(client, GO)) == ""
