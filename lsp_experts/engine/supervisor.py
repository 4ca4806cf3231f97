"""Keeps one engine process running for the pool: starts it late, restarts it, and keeps bad experts away from it."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from lsp_experts.engine.call import Call
from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.death import CRASHES, Death
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import (
    Activations,
    ActivationsReport,
    Complete,
    CompleteReport,
    Load,
    LoadReport,
    Logits,
    MoveReport,
    Quantize,
    QuantizeReport,
    Score,
    ScoreReport,
    StateReport,
    Tokenize,
)
from lsp_experts.engine.quarantine import History, Limits, judge
from lsp_experts.engine.work import Work
from lsp_experts.errors import EngineDied, EngineError

R = TypeVar("R")
# Ops in which an expert's file is at work; to park or evict only frees what worked before.
_BLAMED = ("load", "complete", "score", "unpark", "logits", "tokenize", "activations")


class Supervisor:
    """One engine process at a time, started by the first load and after a death by the next one.

    A death ends its generation: what was loaded in it is gone, its open calls end with EngineDied, and the caller
    decides what to ask again. Only `load` and `start` start a process.
    """

    def __init__(
        self,
        spawn: Callable[[], Awaitable[EngineClient]],
        memory: ExtraBuftsMemory,
        on_message: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        limits: Limits | None = None,
        on_death: Callable[[Death], None] | None = None,
    ) -> None:
        """`clock` gives monotonic seconds. `on_death` is called before the calls of the dead process end."""
        self.generation = 0  # number of the process, from 1; counted up at a death, so that old loads are stale at once
        self._spawn, self._memory, self._on_message, self._clock = spawn, memory, on_message, clock
        self._limits, self._on_death = limits or Limits(), on_death
        self._client: EngineClient | None = None
        self._starting: asyncio.Task[EngineClient] | None = None
        self._loaded: dict[str, Load] = {}
        self._quarantined: dict[str, str] = {}
        self._history = History()
        self._closed = False
        self._completions = 0
        self._buried_work = Work()

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Experts that are not loaded any more, each with the reason."""
        return MappingProxyType(self._quarantined)

    @property
    def loaded(self) -> Mapping[str, Load]:
        """What the running process holds, each expert as it was loaded."""
        return MappingProxyType(self._loaded)

    @property
    def pid(self) -> int | None:
        """The engine's process id, None while none runs."""
        client = self._running
        return client.pid if client else None

    @property
    def build(self) -> Mapping[str, Any]:
        """What the running engine's build of llama.cpp says about itself, empty while none runs."""
        client = self._running
        return client.build if client else {}

    @property
    def work(self) -> Mapping[str, int]:
        """{"completions", "decodedTokens", "promptTokens"} of all processes so far, and how many requests are "open".

        Aborted requests, warming and speculation count; requests under way are counted when they end.
        """
        work = self._buried_work.plus(self._client.work if self._client else Work())
        return {
            "completions": self._completions,
            "decodedTokens": work.decoded_tokens,
            "promptTokens": work.prompt_tokens,
            "open": self._client.open_requests if self._client else 0,
        }

    def forgive(self, expert: str) -> None:
        """Let a quarantined expert try again (its file was replaced)."""
        self._quarantined.pop(expert, None)
        self._history = self._history.acquit(expert)

    # -- requests that may start the process --------------------------------------------------------------------------

    async def start(self) -> Mapping[str, Any]:
        """Start the process if none runs; what its build of llama.cpp says about itself. EngineDied."""
        return (await self._engine()).build

    async def load(self, load: Load, on_progress: Callable[[float], None] | None = None) -> LoadReport:
        """Load an expert, starting the engine where needed. EngineError, EngineDied.

        A crash with `use_extra_bufts` is answered by one try without, and remembered. A load that only waited while
        another expert killed the engine is tried once more. "out_of_memory" is raised and blames nobody. Cancelling the
        caller takes the expert out again.
        """
        attempt = _absolute(replace(load, use_extra_bufts=load.use_extra_bufts and not self._memory.refused))
        crashed_with_extra = retried = False
        while True:
            if load.expert in self._quarantined:
                raise EngineError("load_failed", self._quarantined[load.expert])
            client = await self._engine()
            try:
                report = await self._load_once(client, attempt, on_progress)
            except EngineDied as died:
                death = client.death
                guilty = death is None or (death.op == "load" and death.expert == load.expert)
                if guilty and death is not None and death.starved:
                    raise EngineError("out_of_memory", f"the engine had no memory for {load.expert}") from died
                if attempt.use_extra_bufts and died.signal_name in CRASHES:
                    attempt = replace(attempt, use_extra_bufts=False)
                    crashed_with_extra = guilty
                elif guilty or retried:
                    raise
                else:
                    retried = True
                continue
            if crashed_with_extra:
                self._memory.remember()
            return report

    async def quantize(self, request: Quantize, on_progress: Callable[[float], None] | None = None) -> QuantizeReport:
        """Write a model with weights of another type (lab), starting the engine where needed. EngineError, EngineDied.

        Cancelling the caller leaves the engine busy with it: close the engine then.
        """
        client = await self._engine()
        order = replace(
            request,
            source=_absolute_path(request.source),
            target=_absolute_path(request.target),
            imatrix=_absolute_path(request.imatrix),
        )
        return await _cancellable(client.quantize(order, on_progress))

    # -- requests about what is loaded --------------------------------------------------------------------------------

    def complete(self, request: Complete) -> Call[CompleteReport]:
        """Complete a prompt. An expert or partner not loaded in this generation ends it as "unknown_expert"."""
        missing = next((partner for partner in request.partners if partner not in self._loaded), request.expert)
        self._completions += 1
        return self._ask(missing, lambda client: client.complete(request))

    def score(self, request: Score) -> Call[ScoreReport]:
        """How likely texts are behind a prompt. An expert not loaded in this generation: "unknown_expert"."""
        return self._ask(request.expert, lambda client: client.score(request))

    async def logits(self, request: Logits) -> array[float]:
        """The logits after a prompt (lab)."""
        return await self._ask(request.expert, lambda client: client.logits(request)).result()

    async def tokenize(self, request: Tokenize) -> list[list[int]]:
        """Token ids of texts (lab)."""
        return await self._ask(request.expert, lambda client: client.tokenize(request)).result()

    async def activations(
        self, request: Activations, on_progress: Callable[[float], None] | None = None
    ) -> ActivationsReport:
        """How strongly texts excite what an expert's weights read (lab). Cancelling the caller ends it."""
        call = self._ask(request.expert, lambda client: client.activations(request, on_progress))
        return await _cancellable(call)

    async def park(self, expert: str) -> MoveReport:
        """Save the expert's KV cache and free its context; its model stays, what runs on it is cancelled."""
        return await self._ask(expert, lambda client: client.park(expert)).result()

    async def unpark(self, expert: str) -> MoveReport:
        """Make a parked expert ready again. EngineError("out_of_memory") leaves it parked."""
        return await self._ask(expert, lambda client: client.unpark(expert)).result()

    async def evict(self, expert: str, *, forget: bool = False) -> MoveReport:
        """Free an expert, its saved KV too if `forget`; what runs on it is cancelled. One that is not there is fine."""
        client = self._running
        if client is None:
            return MoveReport(0.0)
        load = self._loaded.pop(expert, None)  # from here on nothing new starts on it
        try:
            report = await client.evict(expert, forget=forget).result()
        except EngineDied:
            return MoveReport(0.0)  # it is gone all the same
        except EngineError as error:
            if error.code == "unknown_expert":
                return MoveReport(0.0)
            if load and client is self._running:
                self._loaded[expert] = load
            raise
        if client is self._running:
            self._loaded.pop(expert, None)  # a load that was on its way has ended before the eviction did
        return report

    async def state(self) -> StateReport:
        """What the engine holds and how much memory it takes; nothing while no process runs."""
        client = self._running
        return await client.state().result() if client else StateReport(0, 0)

    async def ping(self) -> None:
        """Returns when the engine's reader thread has answered, at once while no process runs. EngineDied."""
        client = self._running
        if client:
            await client.ping().result()

    async def close(self) -> None:
        """End the process and every open call. Twice is fine."""
        self._closed = True
        starting = self._starting
        if starting:
            starting.cancel()
            await asyncio.wait({starting})
        self._loaded.clear()
        if self._client:
            await self._client.close()

    # -- the process --------------------------------------------------------------------------------------------------

    @property
    def _running(self) -> EngineClient | None:
        return self._client if self._client and self._client.alive else None

    def _ask(self, expert: str, send: Callable[[EngineClient], Call[R]]) -> Call[R]:
        # A client that is being buried answers EngineDied by itself.
        if self._client and expert in self._loaded:
            return send(self._client)
        return Call.failed(EngineError("unknown_expert", self._quarantined.get(expert, f"{expert} is not loaded")))

    async def _engine(self) -> EngineClient:
        if self._closed:
            raise EngineError("cancelled", "the engine is closed")
        if self._running:
            return self._running
        if self._starting is None:
            left_s = self._history.pause_left_s(self._clock())
            if left_s:
                raise EngineError(
                    "died",
                    f"The engine ended too often; it starts again in {left_s:.0f} s at the earliest.",
                    remedy="`lsp-experts doctor` shows what is wrong.",
                )
            self._starting = asyncio.create_task(self._start_process())
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())  # all may be gone
        starting = self._starting
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if starting.cancelled() and not (task and task.cancelling()):
                raise EngineError("cancelled", "the engine is closed") from None
            raise

    async def _start_process(self) -> EngineClient:
        try:
            if self._client:
                await self._client.ended()  # its death is told before the next life begins
            client = await self._spawn()
            self._client = client
            self.generation = max(1, self.generation)
            client.when_dead(lambda death: self._died(client, death))
            return client
        except EngineDied as error:
            self._count(Death(error))
            raise
        finally:
            self._starting = None

    async def _load_once(
        self, client: EngineClient, load: Load, on_progress: Callable[[float], None] | None
    ) -> LoadReport:
        call = client.load(load, on_progress)
        try:
            report = await call.result()
        except asyncio.CancelledError:
            call.cancel()
            if client.alive:
                client.evict(load.expert)  # it may have been loaded before the cancel came
            raise
        except EngineError as error:
            if error.code == "load_failed":
                self._quarantine(load.expert, error.message, _verify(load.expert))
            raise
        if client is self._client:
            self._loaded[load.expert] = load
        return report

    # -- deaths -------------------------------------------------------------------------------------------------------

    def _died(self, client: EngineClient, death: Death) -> None:
        if client is self._client:
            self._buried_work = self._buried_work.plus(client.work)
            self._client = None
            self._loaded.clear()
            self.generation += 1
        self._count(death)
        if self._on_death:
            self._on_death(death)

    def _count(self, death: Death) -> None:
        request = death.request
        build_is_to_blame = isinstance(request, Load) and request.use_extra_bufts and death.crashed
        blamed = death.op in _BLAMED and not build_is_to_blame and not death.starved
        expert = death.expert if blamed else ""
        verdict = judge(self._history, self._clock(), expert, self._limits)
        self._history = verdict.history
        signal_name, tail = death.error.signal_name, death.error.tail
        if verdict.quarantine:
            reason = f"{expert} ended the engine {self._limits.expert_deaths} times ({signal_name})."
            self._quarantine(expert, reason, _remedy(signal_name, expert), tail)
        if verdict.pause:
            self._tell(
                f"The engine ended {self._limits.any_deaths} times within {self._limits.any_window_s:.0f} s"
                f" ({signal_name}); there is no completion for {self._limits.pause_s / 60:.0f} minutes."
                " `lsp-experts doctor` shows what is wrong.",
                tail,
            )

    def _quarantine(self, expert: str, reason: str, remedy: str, tail: str = "") -> None:
        if expert in self._quarantined:
            return
        self._quarantined[expert] = reason
        self._tell(f"Expert {expert} is switched off: {reason} {remedy}", tail)

    def _tell(self, message: str, tail: str) -> None:
        self._on_message(f"{message}\nThe engine's last lines:\n{tail}" if tail else message)


async def _cancellable(call: Call[R]) -> R:
    """The call's result; the engine is told where nobody waits for it any more."""
    try:
        return await call.result()
    except asyncio.CancelledError:
        call.cancel()
        raise


def _absolute(load: Load) -> Load:
    return replace(load, path=_absolute_path(load.path), adapter=_absolute_path(load.adapter))


def _absolute_path(path: str) -> str:
    """The engine has a working folder of its own: a relative path would mean another file there. "" stays."""
    return str(Path(path).absolute()) if path else ""


def _verify(expert: str) -> str:
    return f"`lsp-experts verify {expert}` checks its file; `lsp-experts pull {expert}` fetches it again."


def _remedy(signal_name: str, expert: str) -> str:
    if signal_name == "SIGILL":
        return (
            "This build of llama.cpp is for another CPU: reinstall llama-cpp-python with CMAKE_ARGS=-DGGML_NATIVE=OFF."
        )
    if signal_name == "SIGKILL":
        return "The system may have run out of memory: lower `lspExperts.memoryBudgetBytes`. " + _verify(expert)
    return _verify(expert)
