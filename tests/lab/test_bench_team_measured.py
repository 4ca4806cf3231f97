"""Users who type at a scripted server, probes, and the whole bench at a real llama.cpp server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.errors import EngineError, RemoteFailed, UsageError
from lsp_experts.lab.bench_team import MOST_USERS, TeamBench, bench_team
from lsp_experts.lab.model_template import model_template
from lsp_experts.lab.peer_server import is_installed, peer_server
from lsp_experts.lab.team.load import Cost
from lsp_experts.lab.team.measured import TeamRun
from lsp_experts.lab.team.probes import Round, fitted, probe
from lsp_experts.lab.team.rates import EngineRates
from lsp_experts.lab.team.typing import type_document
from lsp_experts.lab.team.users import TypedDocument, styled
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.registry.entry import Entry
from lsp_experts.settings import Settings

ENTRY = Entry(id="team", kind="remote", languages=("*",), licence="", note="a test", fim="qwen")
QWEN = TEMPLATES["qwen"]
FOREVER = 10.0**9


def document(user: int = 0, style: str = "anchored") -> TypedDocument:
    return TypedDocument(user, ENTRY, QWEN, styled(Settings(), style))


def texts(request: Complete) -> dict[str, str]:
    """The user text behind each control text."""
    return {
        before.text: after.text for before, after in pairwise(request.segments) if before.control and not after.control
    }


def test_an_anchored_prompt_only_grows_while_it_is_typed() -> None:
    requests = list(document().keystrokes())
    first, last = texts(requests[0]), texts(requests[-1])
    for request in requests:
        assert request.heal and texts(request)[QWEN.prefix] == first[QWEN.prefix]
        assert texts(request)[QWEN.suffix] == first[QWEN.suffix]
        assert last[QWEN.middle].startswith(texts(request)[QWEN.middle])
    assert len(last[QWEN.middle]) - len(first[QWEN.middle]) == len(requests) - 1


def test_a_usual_prompt_changes_before_its_suffix() -> None:
    requests = list(document(style="usual").keystrokes())
    heads = [texts(request)[QWEN.prefix] for request in requests]
    assert all(len(later) > len(sooner) for sooner, later in pairwise(heads))
    assert not any(request.heal or QWEN.middle in texts(request) for request in requests)


def test_no_two_users_have_prompts_that_begin_alike() -> None:
    begins = [texts(next(document(user).keystrokes()))[QWEN.prefix][:80] for user in range(MOST_USERS)]
    assert len(set(begins)) == MOST_USERS


class Scripted:
    """Answers each request after so many seconds of its own time, with an error if that is what is scripted."""

    def __init__(self, script: Mapping[int, float | EngineError]) -> None:
        self.script, self.now_s, self.affinities = script, 0.0, list[str]()
        self._due: list[tuple[float, Call[CompleteReport], float | EngineError]] = []

    def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
        self.affinities.append(affinity)
        call: Call[CompleteReport] = Call(len(self.affinities))
        plan = self.script.get(len(self.affinities), FOREVER)
        self._due.append((self.now_s + (plan if isinstance(plan, float) else 0.05), call, plan))
        return call

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        await settled()  # so that whoever was to listen does
        for due_s, call, plan in list(self._due):
            if due_s <= until_s and not call.ended:
                self.now_s = due_s
                call.end(plan if isinstance(plan, EngineError) else report(3, 5))
                await settled()
        self.now_s = until_s


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def report(prompt_tokens: int, decoded_tokens: int) -> CompleteReport:
    return CompleteReport("x", "end", prompt_tokens, 400, decoded_tokens, 1.0, 2.0, 1.0)


def test_each_key_ends_the_request_before_it() -> None:
    server = Scripted({1: 0.05, 2: FOREVER, 3: RemoteFailed("too late", "late"), 4: 0.15})
    typed = document()

    async def run() -> list[tuple[str, int, bool]]:
        found = await type_document(
            typed, server, [0.2] * 80, until_s=0.75, clock=server.clock, sleep=server.sleep
        )  # fmt: skip
        return [(key.outcome, round(key.ms), key.report is not None) for key in found]

    assert asyncio.run(run()) == [
        ("answered", 50, True), ("superseded", 200, False), ("fallback", 50, False), ("answered", 150, True),
    ]  # fmt: skip
    assert server.affinities == [typed.uri] * 4


def test_probes_wait_for_every_answer_and_for_the_server_to_rest() -> None:
    class AtOnce:
        def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
            call: Call[CompleteReport] = Call(1)
            call.end(report(7, 0))
            return call

    rests: list[int] = []

    async def rest() -> None:
        rests.append(1)

    ticks = iter(range(100))
    rounds = asyncio.run(
        probe([document(0), document(1)], [AtOnce(), AtOnce()], 3, lambda: float(next(ticks)), rest)
    )  # fmt: skip
    assert rounds == [Round((Cost(7, 1), Cost(7, 1)), 1.0)] * 3 and len(rests) == 3


def test_rates_are_found_again_in_what_a_machine_took() -> None:
    rates, besides_s = EngineRates(500, 0.02, 0.003), 0.01

    def took(*costs: Cost) -> Round:
        steps = max(cost.answer_tokens for cost in costs)
        tokens = sum(cost.answer_tokens for cost in costs)
        read_s = sum(cost.prompt_tokens for cost in costs) / 500
        return Round(costs, read_s + steps * 0.02 + tokens * 0.003 + besides_s)

    found, besides = fitted(
        [
            took(Cost(400, 5)),
            took(Cost(2, 9)),
            took(Cost(3, 4), Cost(1, 8)),
            took(Cost(300, 2), Cost(9, 2)),
            took(Cost(1, 1)),
        ]
    )
    assert (found.prompt_tokens_per_s, found.step_s, found.token_s) == pytest.approx((500, rates.step_s, rates.token_s))
    assert besides == pytest.approx(besides_s)


def test_the_template_is_told_by_the_tokens_of_the_file(tmp_path: Path) -> None:
    with_fim, without = write_tiny_gguf(tmp_path / "a.gguf"), write_tiny_gguf(tmp_path / "b.gguf", fim=False)
    found = model_template("auto", with_fim)
    assert found is not None and found.name == "qwen"
    assert model_template("auto", without) is None and model_template("none", with_fim) is None


def test_too_many_users_are_refused(tiny_gguf: Path) -> None:
    with pytest.raises(UsageError, match="cannot be measured"):
        asyncio.run(bench_team(TeamBench(TeamRun(tiny_gguf, users=MOST_USERS + 1)), lambda *_: None))


needs_server = pytest.mark.skipif(not is_installed(), reason="pip install xllamacpp")


@needs_server
def test_a_teams_server_counts_the_prompt_tokens_that_it_decodes(tiny_gguf: Path) -> None:
    async def run() -> tuple[int, int]:
        async with peer_server(tiny_gguf, 1, slots=2) as server:
            before = await server.prompt_tokens()
            await server.infill({"input_prefix": "a = 1\nb = ", "input_suffix": "\n", "n_predict": 2})
            return before, await server.prompt_tokens()

    before, after = asyncio.run(run())
    assert before == 0 < after < 100


@needs_server
def test_the_whole_bench(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "tiny.gguf", n_ctx=4096)
    run = TeamRun(model, users=2, seconds=2.5, probe_keys=3, cadence_ms=60, settings=Settings(max_tokens=8))
    steps: list[str] = []
    result = asyncio.run(bench_team(TeamBench(run, fleets=(20,)), lambda now, done, total: steps.append(now)))
    assert [row["prompts"] for row in result.measured] == ["anchored", "usual"]
    for row in result.measured:
        assert row["keystrokes"] == row["answered"] + row["superseded"] + row["fallbacks"] > 4
        assert row["prompt_tokens_per_keystroke"] > 0
    tokens = {row.figure: row for row in result.rows if row.id == "prompt tokens"}
    assert all(row.ok for figure, row in tokens.items() if "all answered" in figure) and len(tokens) == 2
    assert len(result.gpus) == 3 and result.gpus[0]["anchored"]["users"] > result.gpus[0]["usual"]["users"]
    assert {row["affinity"] for row in result.fleets} == {"on", "off"}
    assert steps[0] == "anchored prompts" and "a fleet for 20 users" in steps
    assert not psutil.Process().children(recursive=True)
