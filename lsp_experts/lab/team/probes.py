"""What requests cost a server that has time for them, and from that how fast it computes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.lab.team.load import Cost
from lsp_experts.lab.team.rates import EngineRates
from lsp_experts.lab.team.typing import TeamEngine
from lsp_experts.lab.team.users import TypedDocument

_LEAST_S = 1e-6  # of a token or a step: a fit may say less, no machine does


@dataclass(frozen=True)
class Round:
    """Requests that were asked at once and all answered."""

    costs: tuple[Cost, ...]
    seconds: float


async def probe(
    documents: Sequence[TypedDocument],
    engines: Sequence[TeamEngine],
    keys: int,
    clock: Callable[[], float],
    rest: Callable[[], Awaitable[None]],
) -> list[Round]:
    """Type `keys` keys into all documents in step: each key is asked in all of them at once, and waited for.

    `rest` waits until the server has noticed that the answers' streams are closed.
    """
    typists = [document.keystrokes() for document in documents]
    found = []
    for _ in range(keys):
        found.append(await _round(documents, engines, typists, clock))
        await rest()
    return found


async def _round(
    documents: Sequence[TypedDocument],
    engines: Sequence[TeamEngine],
    typists: Sequence[Iterator[Complete]],
    clock: Callable[[], float],
) -> Round:
    requests = [next(typist) for typist in typists]
    started_s = clock()
    calls = [
        engine.complete(request, affinity=document.uri)
        for document, engine, request in zip(documents, engines, requests, strict=True)
    ]
    reports = await asyncio.gather(*(call.result() for call in calls))
    return Round(tuple(map(cost_of, reports)), clock() - started_s)


def cost_of(report: CompleteReport) -> Cost:
    """Its tokens: an answer takes one at least, the one that says that there is none."""
    return Cost(report.prompt_tokens, max(1, report.decoded_tokens))


def fitted(rounds: Sequence[Round]) -> tuple[EngineRates, float]:
    """The engine's rates and the seconds that a request takes besides, by least squares over the rounds.

    A round takes as many steps as its longest answer has tokens, which is exact where all begin together.
    """
    rows = [
        (
            sum(cost.prompt_tokens for cost in one.costs),
            max(cost.answer_tokens for cost in one.costs),
            sum(cost.answer_tokens for cost in one.costs),
            1.0,
        )
        for one in rounds
    ]
    seconds = [one.seconds for one in rounds]
    solved, *_ = np.linalg.lstsq(np.array(rows, np.float64), np.array(seconds, np.float64), rcond=None)
    prompt_s, step_s, token_s, besides_s = (float(max(_LEAST_S, value)) for value in solved)
    return EngineRates(1 / prompt_s, step_s, token_s), besides_s
