"""Users who type into their documents at their own pace and ask after each key; what came of each keystroke."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.errors import EngineError, RemoteFailed
from lsp_experts.lab.team.users import TypedDocument
from lsp_experts.lab.team.waits import Wait


class TeamEngine(Protocol):
    """The part of engine/remote that a user needs; each has one."""

    def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
        """Start a completion."""
        ...


@dataclass(frozen=True)
class Keystroke:
    """What became of its request. "fallback": the server failed or was too late, in the product the local expert
    answers; "superseded": the next key came first. `report` of those that were answered.
    """

    outcome: Literal["answered", "superseded", "fallback"]
    ms: float
    report: CompleteReport | None = None

    @property
    def wait(self) -> Wait:
        """As a wait for the server's answer: where it failed, none had come until then."""
        return Wait(self.ms, self.outcome == "answered")


async def type_document(
    document: TypedDocument,
    engine: TeamEngine,
    pauses_s: Sequence[float],
    *,
    until_s: float,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> list[Keystroke]:
    """Type until the document is finished or the clock says `until_s`. `pauses_s`: before each key."""
    found: list[Keystroke] = []
    for request, pause_s in zip(document.keystrokes(), (*pauses_s[1:], 0.0), strict=True):
        if clock() >= until_s or not pause_s:
            break
        call = engine.complete(request, affinity=document.uri)
        watching = asyncio.create_task(_watched(call, clock))
        await sleep(pause_s)
        call.cancel(keep_prefill=True)  # the next key; nothing if there was an end
        found.append(await watching)
    return found


async def _watched(call: Call[CompleteReport], clock: Callable[[], float]) -> Keystroke:
    started_s = clock()
    try:
        report = await call.result()
    except EngineError as error:
        outcome: Literal["superseded", "fallback"] = "fallback" if isinstance(error, RemoteFailed) else "superseded"
        return Keystroke(outcome, (clock() - started_s) * 1000)
    return Keystroke("answered", (clock() - started_s) * 1000, report)
