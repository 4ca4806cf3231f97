"""One adapter from plan to judgement: examples, training, measuring it beside what there is. Nothing is installed."""

from __future__ import annotations

import asyncio
import importlib.util
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lsp_experts.completion.templates import choose
from lsp_experts.errors import AdaptError
from lsp_experts.lab.evaluation.contestants import Entrant, file_entrant, installed_entrant
from lsp_experts.lab.evaluation.evaluate import EvalOrder, evaluate
from lsp_experts.lab.evaluation.figures import Comparison, compare, languages
from lsp_experts.lab.evaluation.journal import journal_for
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.open_engine import installed_model, open_engine, tokenizer
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.training.adapt_plan import PASSES, AdaptOrder, Plan
from lsp_experts.lab.training.adapt_state import AdaptState
from lsp_experts.lab.training.adapt_verdict import Judgement, judge
from lsp_experts.lab.training.base_spelling import base_spelling
from lsp_experts.lab.training.fim_examples import Example, examples, windows
from lsp_experts.paths import Paths
from lsp_experts.pool.budget import memory_now
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.disk import disk_error, make_private
from lsp_experts.registry.store import Store

if TYPE_CHECKING:
    from lsp_experts.lab.training.trainer import Step, Trained

_LENGTH = 512  # tokens of an example
_MOST_EXAMPLES = 20_000  # some 10 million tokens: half a gigabyte of Python's integers
_MOST_WATCHED = 16
_SEED = 7
_ESTIMATE_AT_STEP = 3  # of this run; the first one is slower


class Listener(Protocol):
    """Who is told how it goes."""

    def say(self, line: str) -> None:
        """A line for people."""

    def progress(self, what: str, share: float) -> None:
        """`share` of `what` is done, 0 to 1."""


@dataclass(frozen=True)
class Adapted:
    """A trained and judged adapter; `adapter` is its file in the state folder, until it is installed."""

    plan: Plan
    trained: Trained
    evaluation: Evaluation
    comparisons: tuple[Comparison, ...]
    judgement: Judgement
    adapter: Path


def require_torch() -> None:
    """AdaptError if PyTorch is not installed. Nothing is imported."""
    if importlib.util.find_spec("torch") is None:
        raise AdaptError("Training needs PyTorch.", remedy="pip install 'lsp-experts[train]'")


def adapt(
    order: AdaptOrder, plan: Plan, catalogue: Catalogue, store: Store, paths: Paths, listener: Listener
) -> Adapted:
    """Train and judge what `plan` says; nothing is installed. Stopped at any point, the same call goes on from there.

    AdaptError, EngineError, StoreError.
    """
    state = AdaptState(paths, plan.expert_id)
    state.begin(plan.key, plan.split)
    learnt, watched = asyncio.run(_examples(plan, catalogue, store, paths, listener))
    trained = _train(order, plan, learnt, watched, state, listener)
    if not math.isfinite(trained.loss_after):
        raise AdaptError("The training came to nothing: its loss is no number.", remedy="Train with another --rank.")
    if order.keep is not None:
        _copy(state.adapter, order.keep)
        listener.say(f"The adapter is in {order.keep}.")
    evaluation = asyncio.run(_evaluate(plan, state.adapter, catalogue, store, paths, listener))
    comparisons = _comparisons(plan, evaluation)
    return Adapted(plan, trained, evaluation, comparisons, judge(comparisons), state.adapter)


async def _examples(
    plan: Plan, catalogue: Catalogue, store: Store, paths: Paths, listener: Listener
) -> tuple[list[Example], list[Example]]:
    """(to train on, to watch), spelled by the engine with the base's own vocabulary; the engine is gone afterwards."""
    name = plan.base.id
    listener.progress("cutting the texts into tokens", 0.0)
    async with open_engine(paths) as engine:
        report = await engine.load(installed_model(catalogue, store, name).load(name))
        template = choose(plan.base.fim, report)
        with GgufFile(plan.base_file.path) as file:
            spelling = base_spelling(file, template)

        async def made(files: Sequence[SourceFile], most: int) -> list[Example]:
            prompts = windows([file.text for file in files], template, _LENGTH, _SEED, most)
            return await examples(prompts, spelling, tokenizer(engine, name), _LENGTH)

        return await made(plan.texts.files, _MOST_EXAMPLES), await made(plan.texts.watched, _MOST_WATCHED)


def _train(
    order: AdaptOrder, plan: Plan, learnt: Sequence[Example], watched: Sequence[Example], state: AdaptState,
    listener: Listener,
) -> Trained:  # fmt: skip
    from lsp_experts.lab.training.trainer import TrainOrder, memory_bytes, train

    if not learnt:
        raise AdaptError("The texts are too short to learn from.", remedy="Give a folder with more code.")
    once = sum(len(example.tokens) for example in learnt)
    training = TrainOrder(
        base=plan.base_file.path,
        tokens=order.tokens or PASSES * once,
        minutes=order.most_minutes,
        rank=plan.rank,
        alpha=2.0 * plan.rank,
        learning_rate=order.learning_rate,
        length=_LENGTH,
        start=plan.start.path if plan.start else None,
    )
    needed, free = memory_bytes(plan.shape, training), memory_now().available_bytes
    time = "" if math.isinf(training.minutes) else f", {training.minutes:g} minutes at most"
    listener.say(
        f"to train on: {training.tokens:,} tokens ({training.tokens / once:.1f} times {once:,}){time}; it takes about"
        f" {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free"
    )
    if needed > free:
        raise AdaptError(
            f"Training over {plan.base.id} takes about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} are free.",
            remedy="End other programs, or give a smaller base with --base.",
        )
    listener.progress("reading the base, and what held-out texts cost it", 0.0)
    steps = 0

    def on_step(step: Step) -> None:
        nonlocal steps
        steps += 1
        listener.progress(f"training, loss {step.loss:.2f}", step.share)
        if steps == _ESTIMATE_AT_STEP and step.share < 1:
            left_s = step.elapsed_s / step.share * (1 - step.share)
            listener.say(f"{step.tokens / step.elapsed_s:,.0f} tokens a second: about {left_s / 60:.0f} minutes to go")

    try:
        make_private(state.folder)
        return train(training, learnt, watched, state.checkpoint, state.adapter, on_step)
    except OSError as error:
        raise disk_error(error, state.folder) from error


async def _evaluate(
    plan: Plan, adapter: Path, catalogue: Catalogue, store: Store, paths: Paths, listener: Listener
) -> Evaluation:
    """The base, the adapter that a refresh began with, and the new one, at the plan's places."""
    new = file_entrant(
        new_name(plan),
        adapter,
        base=plan.base_file.path,
        kind="adapter",
        made_of=plan.base.id,
        fim=plan.base.fim,
        n_ctx=plan.base.context,
    )
    names = [plan.base.id, *([plan.expert_id] if plan.start else [])]
    entrants: list[Entrant] = [*(installed_entrant(catalogue, store, name) for name in names), new]
    order = EvalOrder(plan.cases, since=plan.split)
    journal = journal_for(paths, entrants, order.settings, order.cases)

    def on_step(name: str, done: int, total: int) -> None:
        listener.progress(f"judging {name}", done / total)

    async with open_engine(paths) as engine:
        return await evaluate(order, entrants, engine, journal, on_step)


def new_name(plan: Plan) -> str:
    """What the new adapter is called beside an older one of its id."""
    return f"{plan.expert_id} (new)" if plan.start else plan.expert_id


def _comparisons(plan: Plan, evaluation: Evaluation) -> tuple[Comparison, ...]:
    """In the language that decides, with each that the new one must beat."""
    language = plan.languages[0]
    if language not in languages(evaluation):
        return ()
    others = [each.name for each in evaluation.contestants if each.name != new_name(plan)]
    return tuple(compare(evaluation, language, new_name(plan), other) for other in others)


def _copy(adapter: Path, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(adapter, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise disk_error(error, target.parent) from error
