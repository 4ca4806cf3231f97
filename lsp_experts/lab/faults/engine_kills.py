"""The drill of engine kills: SIGKILL in the middle of a request costs that request, and hardly any time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from lsp_experts.lab.faults.real_server import (
    answer_to,
    ask,
    engine_below,
    install,
    messages,
    open_document,
    serving,
    suggestion,
)
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import busy
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_KILLS = 10
_ANSWER_MS = 100.0
_NEXT_S = 2.0  # for a model of at most 500 MB that is in the page cache
_URI = "untitled:main.go"


@dataclass(frozen=True)
class Kill:
    """What a kill did: `quiet` if the request was answered with nothing, and the user was shown nothing."""

    quiet: bool
    answer_ms: float
    next_s: float


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """W1. Each kill meets another server: an expert under which the engine ends twice is switched off."""
    model = stand.model or write_tiny_gguf(stand.home / "tiny.gguf", n_ctx=2048)
    install(stand.paths, {"go": model})
    kills, count = [], stand.times(_KILLS)
    for number in range(count):
        on_step("engine kills", number, count)
        kills.append(await killed(stand))
    return _rows(kills, model.stat().st_size)


async def killed(stand: Stand) -> Kill:
    """Kill the engine while it has a request, and work on until the next suggestion comes."""
    async with serving(stand.home) as client:
        open_document(client, _URI, "go")
        await suggestion(client, _URI)
        engine = engine_below(client.process.pid)
        engine.suspend()  # so that it is in the middle of the request, however fast it is
        request = ask(client, _URI)
        await busy(client)
        died = time.monotonic()
        engine.kill()
        quiet = await answer_to(client, request) == ""
        answered = time.monotonic()
        await suggestion(client, _URI)
        next_s = time.monotonic() - died
        return Kill(quiet and not messages(client), (answered - died) * 1000, next_s)


def _rows(kills: Sequence[Kill], model_bytes: int) -> tuple[Row, ...]:
    answers, nexts = [kill.answer_ms for kill in kills], [kill.next_s for kill in kills]
    quiet, size = sum(kill.quiet for kill in kills), f"a model of {model_bytes / 1e6:,.0f} MB"
    return (
        Row("W1", "requests whose engine was killed", f"{len(kills)}/{len(kills)} answered with nothing, silently",
            f"{quiet}/{len(kills)}", quiet == len(kills)),
        Row("W1", "kill -9 to that answer", f"<= {_ANSWER_MS:.0f} ms",
            f"median {median(answers):.0f} ms, worst {max(answers):.0f} ms", max(answers) <= _ANSWER_MS),
        Row("W1", "kill -9 to the next suggestion", f"<= {_NEXT_S:.0f} s (at most 500 MB, in the page cache)",
            f"median {median(nexts):.2f} s, worst {max(nexts):.2f} s with {size}", max(nexts) <= _NEXT_S),
    )  # fmt: skip
