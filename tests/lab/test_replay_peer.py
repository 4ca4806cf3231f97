"""llama.vim's way with llama.cpp's server: contexts, cache, one request at a time, hints; and the server itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_experts.errors import ExpertsError
from lsp_experts.lab import peer_llama_vim
from lsp_experts.lab.peer_hint import hint_of
from lsp_experts.lab.peer_llama_vim import LlamaVim, context_at, request_of
from lsp_experts.lab.peer_server import is_installed, peer_server
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.replay_typist import Cost, Ghost

LONG = "".join(f"line {n}\n" for n in range(400))


def test_context_is_256_lines_above_and_64_below() -> None:
    offset = LONG.index("line 300") + 4
    context = context_at(LONG, offset, None, -1)
    assert context.prefix.startswith("line 44\n") and context.prefix.endswith("line 299\n")
    assert (context.middle, context.suffix.count("\n"), context.right_chars) == ("line", 65, 4)
    assert len(context.keys) == 4 and context.keys[1][0].startswith("line 45\n")
    request = request_of(context, 250)
    expected = {"n_predict": 128, "top_k": 40, "top_p": 0.9, "samplers": ["top_k", "top_p", "infill"], "id_slot": 0}
    assert expected.items() <= request.items() and request["cache_prompt"] and request["t_max_predict_ms"] == 250


def test_a_blank_line_is_asked_from_its_start() -> None:
    context = context_at("def f():\n    \n", 13, None, 4)
    assert (context.prefix, context.middle, context.suffix, context.indent) == ("def f():\n", "", "\n\n", 0)


def test_the_speculative_context_is_behind_the_hint() -> None:
    hint = hint_of("one\n    two", "if x:\n    \nend\n", 10)
    context = context_at("if x:\n    a\nend\n", 11, hint, 4)
    assert (
        context.prefix == "if x:\n    aone\n" and context.middle == "    two" and context.suffix.startswith("\nend\n")
    )


@pytest.mark.parametrize(
    ("content", "text", "offset", "shown"),
    [
        ("b\n\n", "a\n", 1, "b"),
        ("    return x", "def f():\n    \n", 13, "return x"),  # the model began at the line's start
        (")", "f()\n", 2, ""),  # repeats what stands right of it
        ("b", "a\nab\n", 1, ""),  # would make the next line
        ("b\nc", "a\nab\ncd\n", 1, ""),
        ("b\nc\nd", "a\nab\nc\nd\n", 1, ""),
        ("b\nx\nd", "a\nab\nc\nd\n", 1, "b\nx\nd"),
        ("\nnext", "a\nnext\n", 1, ""),
        ("", "a\n", 1, ""),
    ],
)
def test_hints(content: str, text: str, offset: int, shown: str) -> None:
    hint = hint_of(content, text, offset)
    assert hint.text == shown
    assert hint.acceptable == bool(shown) or hint.lines[-1] == ")"


class Server:
    """Answers when told to."""

    def __init__(self) -> None:
        self.requests: list[Mapping[str, Any]] = []
        self._gates: list[asyncio.Future[str]] = []

    async def infill(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.requests.append(request)
        gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._gates.append(gate)
        return {"content": await gate, "timings": {"prompt_n": 100, "predicted_n": 7}}

    async def answer(self, content: str) -> None:
        self._gates.pop(0).set_result(content)
        await settled()

    async def quiet(self) -> None:
        assert not self._gates


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Sleeper:
    """Sleeps until woken."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked_s.append(seconds)
        if seconds < peer_llama_vim.LOOK_S:
            await self._woken.wait()

    async def wake(self) -> None:
        self._woken.set()
        await settled()
        self._woken.clear()


CASE = Case(Path("/w/a.py"), "python", "python", "end", "x = \ny = 2\n", 4, "compute(1)")
Seen = list[tuple[Ghost | None, int]]


async def begun() -> tuple[LlamaVim, Server, Sleeper, Seen]:
    """A vim that has had its first answer at the place: nothing."""
    server, sleeper, seen = Server(), Sleeper(), Seen()
    vim = LlamaVim(server.infill, server.quiet, sleeper.sleep)
    beginning = asyncio.create_task(vim.begin(CASE, lambda ghost, key: seen.append((ghost, key))))
    await settled()
    await server.answer("")
    await sleeper.wake()
    await beginning
    server.requests.clear()
    return vim, server, sleeper, seen


@pytest.mark.asyncio
async def test_one_request_is_under_way_and_the_next_waits_100_ms() -> None:
    vim, server, sleeper, seen = await begun()
    for key, char in enumerate("com", start=1):
        vim.press(key, char)
        await settled()
    assert [request["prompt"] for request in server.requests] == ["x = c"]
    await server.answer("zzz")  # nobody typed that
    assert seen == [] and set(sleeper.asked_s[-2:]) == {0.1}
    await sleeper.wake()
    assert [request["prompt"] for request in server.requests] == ["x = c", "x = com"]
    await server.answer("pute(1)")
    assert seen == [(Ghost("pute(1)"), 3)]
    assert await vim.end() == Cost(2, 200, 214)


@pytest.mark.asyncio
async def test_a_late_answer_that_was_typed_along_is_shown_and_followed_by_a_speculative_one() -> None:
    vim, server, sleeper, seen = await begun()
    vim.press(1, "c")
    await settled()
    vim.press(2, "o")
    await settled()
    await server.answer("ompute(1)")
    assert seen == [(Ghost("mpute(1)"), 2)]
    await sleeper.wake()
    assert [request["t_max_predict_ms"] for request in server.requests] == [250, 1000]
    assert server.requests[1]["prompt"] == "x = compute(1)"
    vim.press(3, "m")
    assert seen[1:] == [(Ghost("pute(1)"), 3)], "from the cache, at once"
    await server.answer("")
    assert (await vim.end()).model_calls == 2


@pytest.mark.asyncio
async def test_an_empty_answer_is_told_as_silence() -> None:
    vim, server, sleeper, seen = await begun()
    vim.press(1, "c")
    await settled()
    await server.answer("")
    assert seen == [(None, 1)]
    await sleeper.wake()
    assert len(server.requests) == 1, "what follows nothing is in the cache"
    await vim.end()


@pytest.mark.asyncio
async def test_no_request_with_more_than_8_characters_right_of_the_cursor() -> None:
    case = Case(Path("/w/a.py"), "python", "python", "mid", "f(, nine chars)\n", 2, "first")
    server, sleeper = Server(), Sleeper()
    vim = LlamaVim(server.infill, server.quiet, sleeper.sleep)
    await vim.begin(case, lambda ghost, key: None)
    vim.press(1, "f")
    await settled()
    assert server.requests == [] and await vim.end() == Cost(0, 0, 0)


@pytest.mark.asyncio
async def test_a_server_that_fails_is_told_at_the_end() -> None:
    vim, *_ = await begun()

    async def fail(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ExpertsError("gone")

    vim.infill = fail
    vim.press(1, "c")
    await settled()
    with pytest.raises(ExpertsError, match="gone"):
        await vim.end()


needs_server = pytest.mark.skipif(not is_installed(), reason="pip install xllamacpp")


@needs_server
@pytest.mark.asyncio
async def test_the_real_server_answers_and_leaves_nothing_behind(tiny_gguf: Path) -> None:
    async with peer_server(tiny_gguf, 1) as server:
        (child,) = psutil.Process().children()
        answer = await server.infill({**request_of(context_at("a = 1\nb = \n", 10, None, 0), 250), "n_predict": 4})
        assert answer["timings"]["prompt_n"] > 0 and isinstance(answer["content"], str)
        await server.quiet()
        assert {connection.laddr.ip for connection in child.net_connections() if connection.status == "LISTEN"} == {
            "127.0.0.1"
        }
    assert not child.is_running()


@needs_server
@pytest.mark.asyncio
async def test_a_model_that_cannot_be_served_is_an_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ExpertsError, match="does not start with bad"):
        async with peer_server(bad, 1):
            pass
    assert not psutil.Process().children()
