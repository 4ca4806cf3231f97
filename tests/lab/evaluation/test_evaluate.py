"""An evaluation with scripted engines: pairs, time box, resuming, what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from lsp_experts.completion.document import Cursor
from lsp_experts.engine.command import fake_command
from lsp_experts.errors import EngineError, UsageError
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.eval_cases import by_place, eval_cases
from lsp_experts.lab.evaluation.evaluate import EvalOrder, OnStep, evaluate
from lsp_experts.lab.evaluation.journal import Journal
from lsp_experts.lab.evaluation.records import Evaluation, Outcome
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import Case, SourceFile
from lsp_experts.paths import default_paths
from lsp_experts.pool.model import Model

pytestmark = pytest.mark.asyncio
LINE = "    result = compute(first, second)"
BODY = "def number{n}(first, second):\n" + LINE + "\n    print(result)\n\n\n"
FILES = [SourceFile(Path(f"/w/{n}.py"), "python", "".join(BODY.format(n=k) for k in range(n, n + 6))) for n in range(9)]
CASES = tuple(case for case in eval_cases(FILES, 40, 7) if case.kind != "block")
assert len(by_place(CASES)) >= 12
SIZES = ("size:right=1000", "size:wrong=500")


def entrant(name: str, n_ctx: int = 2048) -> Entrant:
    controls = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    model = Model(Path(f"/nowhere/{name}.gguf"), 1000, n_ctx=n_ctx, control_texts=controls)
    return Entrant(name, "model", model, "auto", name * 8)


RIGHT, WRONG = entrant("right"), replace(entrant("wrong"), made_of="right")


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", json.dumps({"right": LINE.strip(), "wrong": "result = nothing"}))


async def run(
    cases: Sequence[Case] = CASES,
    entrants: Sequence[Entrant] = (RIGHT, WRONG),
    journal: Journal | None = None,
    on_step: OnStep = lambda name, done, of: None,
    minutes: float | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    faults: Sequence[str] = (),
) -> Evaluation:
    order = EvalOrder(tuple(cases), minutes, since="abc")
    async with open_engine(default_paths(), fake_command(*SIZES, *faults)) as engine:
        return await evaluate(order, entrants, engine, journal or Journal(None), on_step, clock)


def of(evaluation: Evaluation, name: str) -> list[Outcome]:
    return [outcome for outcome in evaluation.outcomes if outcome.contestant == name]


def hidden(kind: str) -> tuple[Case, ...]:
    """Cases in which the line that `right` knows is held out, or a part of it."""
    found = [
        case
        for case in eval_cases(FILES, 200, 7)
        if case.kind == kind and f"{Cursor(case.text, case.offset).before}{case.truth}{case.after}"[: len(LINE)] == LINE
    ]
    assert found
    return tuple(found[:3])


async def test_every_case_is_paired() -> None:
    evaluation = await run()
    assert (evaluation.cases, evaluation.done, evaluation.since) == (len(CASES), len(CASES), "abc")
    right, wrong = of(evaluation, "right"), of(evaluation, "wrong")
    assert [each.case for each in right] == [each.case for each in wrong]
    assert len({each.case for each in right}) == len(CASES)
    assert len({each.place for each in right}) == len({case.path for case in CASES})
    assert [(each.name, each.resident_bytes, each.made_of) for each in evaluation.contestants] == [
        ("right", 1000, ""),
        ("wrong", 500, "right"),
    ]
    assert not any(str(case.path) in repr(evaluation) or case.truth in repr(evaluation) for case in CASES)


async def test_a_line_that_is_known() -> None:
    evaluation = await run(hidden("line"))
    for outcome in of(evaluation, "right"):
        assert outcome.exact and outcome.line_right
        assert outcome.accepted_chars == outcome.truth_chars == len(LINE.strip())
        assert outcome.similarity == 1.0
        assert outcome.scored_bytes == len(LINE), "from the line's start on"
        assert outcome.nll_nats > 0
        assert 0 < outcome.probability < 1
    for outcome in of(evaluation, "wrong"):
        assert not outcome.exact and not outcome.line_right
        assert outcome.accepted_chars == len("result = ")
        assert 0 < outcome.similarity < 1
        assert outcome.line_chars == len("result = nothing")


async def test_a_closing_bracket_that_is_replaced_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", LINE.strip())
    (case, *_) = hidden("mid")
    assert (case.truth, case.after[:2]) == ("first, second", ")\n")
    (outcome, _) = (await run([case])).outcomes
    assert outcome.exact and outcome.accepted_chars == len("first, second")


async def test_of_a_block_all_lines_count(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [case for case in eval_cases(FILES, 40, 7) if case.kind == "block"]
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", f"{LINE.strip()}\n    print(result)\n\n\ndef more():\n    pass")
    assert all(outcome.exact for outcome in (await run(blocks[:2])).outcomes)
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", f"{LINE.strip()}\n    print(first)\n\n\n")
    for outcome in (await run(blocks[:2])).outcomes:
        assert not outcome.exact and outcome.line_right
        assert outcome.accepted_chars > len(LINE)


async def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", json.dumps({"*": ""}))
    for outcome in (await run(CASES[:2])).outcomes:
        assert (outcome.line_chars, outcome.accepted_chars, outcome.similarity) == (0, 0, 0.0)
        assert not outcome.exact and not outcome.line_right


async def test_what_does_not_fit_a_context_is_scored_for_nobody() -> None:
    evaluation = await run(CASES[:4], (RIGHT, entrant("wrong", n_ctx=140)))
    assert evaluation.done == 4
    assert all((each.nll_nats, each.scored_bytes) == (0.0, 0) for each in evaluation.outcomes)


# -- chunks and the time box ------------------------------------------------------------------------------------------


async def test_entrants_take_turns_and_progress_is_told() -> None:
    steps: list[tuple[str, int, int]] = []
    await run(on_step=lambda *step: steps.append(step))
    assert steps[-1] == (steps[-1][0], 2 * len(CASES), 2 * len(CASES))
    assert [done for _, done, _ in steps] == sorted({done for _, done, _ in steps})
    names = [name for name, _, _ in steps]
    assert names[:2] == ["right", "wrong"], "soon there is a pair"
    assert names[2:6] == ["right", "right", "wrong", "wrong"]


@pytest.mark.parametrize("minutes", [0.0, 0.1, 0.5])
async def test_a_time_box_leaves_pairs(minutes: float) -> None:
    now = count(step=6)  # seconds, at each look at the clock
    evaluation = await run(minutes=minutes, clock=lambda: float(next(now)))
    assert 0 < evaluation.done < evaluation.cases
    assert len(evaluation.outcomes) == 2 * evaluation.done
    assert len(evaluation.contestants) == 2


async def test_time_enough() -> None:
    assert (await run(minutes=1.0)).done == len(CASES)


# -- resuming ---------------------------------------------------------------------------------------------------------


async def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    now = count(step=6)
    first = await run(journal=Journal(file), minutes=0.3, clock=lambda: float(next(now)))
    steps: list[int] = []
    second = await run(journal=Journal(file), on_step=lambda name, done, of: steps.append(done))
    assert second.done == len(CASES)
    assert steps[0] > len(first.outcomes)
    assert set(first.outcomes) <= set(second.outcomes), "to the last digit of its milliseconds"
    third = await run(journal=Journal(file), faults=("die@load",))
    assert third == second, "without an engine"


async def test_what_was_measured_before_a_stop_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    seen = asyncio.Event()

    def step(name: str, done: int, of: int) -> None:
        if done >= 5:
            seen.set()

    task = asyncio.create_task(run(journal=Journal(file), on_step=step, faults=("stall@complete9",)))
    await asyncio.wait_for(seen.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept = dict(Journal(file).outcomes)
    assert len(kept) >= 5
    evaluation = await run(journal=Journal(file))
    assert evaluation.done == len(CASES)
    assert set(kept.values()) <= set(evaluation.outcomes)


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [("load_failed:wrong", "load_failed"), ("oom:wrong", "out_of_memory"), ("die:SIGSEGV@complete:wrong", "died")],
)
async def test_the_error_names_the_entrant(fault: str, code: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(EngineError, match=r"^wrong: ") as caught:
        await run(journal=journal, faults=(fault,))
    assert caught.value.code == code
    assert {name for name, _ in journal.outcomes} == {"right"}


async def test_two_of_one_name() -> None:
    with pytest.raises(UsageError, match="same name"):
        await run(entrants=(RIGHT, RIGHT))


async def test_no_cases_and_no_entrants() -> None:
    empty = await run(cases=())
    assert (empty.cases, empty.done, empty.outcomes) == (0, 0, ())
    alone = await run(CASES[:2], (RIGHT,))
    assert (alone.done, len(alone.contestants)) == (2, 1)
