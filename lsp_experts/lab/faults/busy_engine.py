"""The drill of the read loop: what it takes to be answered while the engine computes, and to follow a fast typist."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import install, open_document, serving, suggestion
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import GO, GO_TEXT, INLINE, at, changed, item, status
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_PROBES = 2_000
_PROBE_MS = 20
_EDITS = 300
_EDIT_MS, _STARTS = 1.0, 2
_LONG = "untitled:long.go"


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """P-05 with the engine at work, and P-24."""
    count = stand.times(_PROBES)
    model = stand.model or write_tiny_gguf(stand.home / "tiny.gguf", n_ctx=2048)
    install(stand.paths, {"go": model})
    async with serving(stand.home) as client:
        open_document(client, GO, "go", GO_TEXT)
        await suggestion(client, GO, GO_TEXT)
        times, silent = await _probes(client, count, on_step)
        edit_ms, starts = await _burst(client)
    worst = percentile(times, 0.99)
    return (
        Row("P-05", f"refusals while the engine computes, p99 of {len(times)}", f"at most {_PROBE_MS} ms",
            f"{worst:.1f} ms{f', {silent} missing' if silent else ''}", worst <= _PROBE_MS and not silent),
        Row("P-24", f"{_EDITS} edits at the end of 120 KB", f"at most {_EDIT_MS:g} ms each", f"{edit_ms:.2f} ms each",
            edit_ms <= _EDIT_MS),
        Row("P-24", f"computations in a burst of {_EDITS} keys", f"at most {_STARTS}", str(starts), starts <= _STARTS),
    )  # fmt: skip


async def _probes(client: RawClient, count: int, on_step: OnStep) -> tuple[list[float], int]:
    """Ascending milliseconds of invalid requests, each sent right behind a completion that starts to compute."""
    times, silent = [], 0
    for number in range(count):
        if number % 100 == 0:
            on_step("requests to a busy server", number, count)
        text = GO_TEXT.replace("\t\n", f"\tvalue{number} := ca\n")  # never what is remembered
        client.notify("textDocument/didChange", changed(GO, number + 2, {"text": text}))
        client.ask(f"busy {number}", INLINE, at(GO, 3, len(text.split("\n")[3])))
        started_s = time.monotonic()
        refused = await client.call(f"probe {number}", INLINE, at(GO, -1, 0))
        times.append((time.monotonic() - started_s) * 1000)
        silent += "error" not in refused
        await client.until(partial(client.answers.get, f"busy {number}"))
    return sorted(times), silent


async def _burst(client: RawClient) -> tuple[float, int]:
    """(milliseconds for each edit until all are taken, completions that the engine was asked for by a key each)."""
    lines = ["package main", *(f"func f{number}() int {{ return {number} }}" for number in range(3700)), "// "]
    client.notify("textDocument/didOpen", item(_LONG, "go", "\n".join(lines)))
    last, column = len(lines) - 1, len(lines[-1])
    before = (await status(client))["work"]["completions"]
    started_s = time.monotonic()
    for number in range(_EDITS):
        client.notify("textDocument/didChange", _typed(number, last, column + number))
    await status(client)
    edit_ms = (time.monotonic() - started_s) * 1000 / _EDITS
    for number in range(_EDITS):
        client.notify("textDocument/didChange", _typed(_EDITS + number, last, column + _EDITS + number))
        client.ask(f"key {number}", INLINE, at(_LONG, last, column + _EDITS + number + 1, manual=False))
    await client.until(lambda: all(client.answers[f"key {number}"] for number in range(_EDITS)))
    return edit_ms, (await status(client))["work"]["completions"] - before


def _typed(number: int, line: int, character: int) -> dict[str, Any]:
    place = {"line": line, "character": character}
    edit = {"range": {"start": place, "end": place}, "text": "ab cd "[number % 6]}
    return changed(_LONG, number + 2, edit)
