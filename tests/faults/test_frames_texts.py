"""Texts that no program should be: what a document holds is never a reason to fail, nor to compute for long."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from lsp_experts.lab.faults.raw_client import RawClient, framed
from lsp_experts.lab.faults.real_server import install, serving, suggestion
from lsp_experts.lab.faults.stand import Stand
from lsp_experts.lab.faults.talk import GO, GO_TEXT, INLINE, at, busy, changed, item, scripted, status

LAUNCHER = (str(Path(__file__).parent.parent / "server" / "launch_scripted.py"),)
in_module = pytest.mark.asyncio(loop_scope="module")
MB = 1_000_000
BINARY = hashlib.sha512(b"seed").digest() * 2000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RawClient]:
    """One server for all texts, its engine idle."""
    async with scripted(Stand(tmp_path_factory.mktemp("home"))) as client:
        # What it does by itself in a pause would count as a computation for a text that is left alone.
        alone = {"lspExperts": {"warm": False, "speculate": False, "predict": False}}
        client.notify("workspace/didChangeConfiguration", {"settings": alone})
        await busy(client, wanted=False)
        yield client


@in_module
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(lambda: "x = 1\n" * (5 * MB // 6), "file too large", id="K5 5 MB"),
        pytest.param(lambda: "x" * 5 * MB, "file too large", id="K5 a line of 5 MB"),
        pytest.param(lambda: "x" * 1 * MB, "line too long", id="K5 a line of 1 MB"),
        pytest.param(lambda: "\0\n" * 100_000, "", id="K5 lines of NUL"),
        pytest.param(lambda: "\0" * 100_000, "line too long", id="K5 one line of NUL"),
        pytest.param(lambda: BINARY.decode("latin-1"), "line too long", id="K5 binary"),
        pytest.param(lambda: "[" * 20_000, "", id="K5 nested"),
        pytest.param(lambda: "\x1b]0;title\x07\u202e\u200b\ufeff" * 100, "", id="K5 control characters"),
    ],
)
async def test_no_text_is_too_strange(shared: RawClient, text: Callable[[], str], reason: str) -> None:
    """A text that is left alone is named by its reason and costs no computation; others are completed, or silent."""
    before = (await status(shared))["work"]["completions"]
    uri, name = f"untitled:{reason} {before}.go", f"text {id(text)}"
    shared.notify("textDocument/didOpen", item(uri, "go", text()))
    answer = await shared.call(name, INLINE, at(uri, 0, 0))
    now = await status(shared)
    assert now["focused"]["uri"] == uri
    assert now["focused"]["excluded"] == reason
    if reason:
        assert answer["result"] == {"items": []}
        assert now["work"]["completions"] == before
        assert now["lastSilence"]["reason"] == reason
    assert "result" in answer
    shared.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await busy(shared, wanted=False)
    assert (await shared.call(f"alive {name}", INLINE, at(GO, 3, 1)))["result"]["items"]
    assert not [each for each in shared.sent if each["method"] == "window/showMessage"]


@in_module
async def test_a_document_of_50_mb_is_not_even_held(shared: RawClient) -> None:  # K5, P-02
    server, uri = psutil.Process(shared.process.pid), "untitled:huge.go"
    before_bytes = server.memory_info().rss
    body = framed({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": item(uri, "go", "x = 1\n" * 8 * MB)})
    shared.raw(body)
    await shared.taken()
    answer = await shared.call("huge", INLINE, at(uri, 0, 0))
    assert answer["result"] == {"items": []}
    assert (await status(shared))["lastSilence"]["reason"] == "document not open"
    assert server.memory_info().rss - before_bytes < len(body) // 2
    assert b"was skipped" in shared.stderr
    shared.notify("textDocument/didChange", changed(uri, 2, {"text": "small"}))  # P-13: it never was opened
    assert (await shared.call("still huge", INLINE, at(uri, 0, 0)))["result"] == {"items": []}


@pytest.mark.asyncio
async def test_half_a_character_never_reaches_the_engine(tmp_path: Path, tiny_gguf: Path) -> None:  # P-23
    """In JSON a surrogate may stand alone; in a text, in an edit, in the popup's item, in names."""
    lone = "\ud83d"
    stand = Stand(tmp_path)
    install(stand.paths, {"go": tiny_gguf})
    async with serving(stand.home) as client:
        client.notify("textDocument/didOpen", item(GO, "go", GO_TEXT))
        await suggestion(client, GO, GO_TEXT)
        place = {"line": 3, "character": 1}
        client.notify("textDocument/didChange", changed(GO, 2, {"range": {"start": place, "end": place}, "text": lone}))
        selected = {"range": {"start": place, "end": {"line": 3, "character": 2}}, "text": f"value{lone}"}
        context = {"triggerKind": 1, "selectedCompletionInfo": selected}
        answers = [
            await client.call("text", INLINE, at(GO, 3, 2)),
            await client.call("selected", INLINE, {**at(GO, 3, 2), "context": context}),
        ]
        client.notify("textDocument/didOpen", item(f"untitled:{lone}.go", f"go{lone}", f"{lone}\n"))
        answers.append(await client.call(f"uri {lone}", INLINE, at(f"untitled:{lone}.go", 0, 1)))
        now = await status(client)
    assert [set(answer) for answer in answers] == [{"jsonrpc", "id", "result"}] * 3
    assert not {"error", "engine error", "engine died"} & set(now["silences"])
    assert b"Unicode" not in client.stderr


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("encoding", "first", "second", "inside", "end"),
    [("utf-8", 4, 8, 10, 12), ("utf-16", 3, 5, 6, 7), ("utf-32", 3, 4, 4, 5)],
)
async def test_columns_mean_the_same_in_every_encoding(
    encoding: str, first: int, second: int, inside: int, end: int
) -> None:
    """P-22, P-21: of é="😋😋" the first is replaced; cursors inside of the second (its start counts) and behind it."""
    async with RawClient.start({}, LAUNCHER) as client:
        offered: dict[str, Any] = {"general": {"positionEncodings": [encoding]}}
        answer = await client.call(1, "initialize", {"processId": None, "rootUri": None, "capabilities": offered})
        client.notify("initialized", {})
        client.notify("textDocument/didOpen", item("untitled:a", "go", 'é="😋😋"'))
        ends = {"start": {"line": 0, "character": first}, "end": {"line": 0, "character": second}}
        client.notify("textDocument/didChange", changed("untitled:a", 2, {"range": ends, "text": "ab"}))
        moved = 2 - (second - first)
        said = [
            (await client.call(f"{column}", INLINE, at("untitled:a", 0, column)))["result"]["items"][0]["insertText"]
            for column in (inside + moved, end + moved, 99)
        ]
    assert answer["result"]["capabilities"]["positionEncoding"] == encoding
    assert said == ['<é="ab>', '<é="ab😋>', '<é="ab😋">']
