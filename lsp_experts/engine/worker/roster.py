"""Which experts are in this process, over which models, and what each of them holds.

A model is freed with its last expert; its pages are given back when no expert over its file has a context.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lsp_experts.engine.protocol import Complete, ExpertState, Load, LoadReport, MoveReport, StateReport
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.devices import Gpus
from lsp_experts.engine.worker.expert import LoadedExpert
from lsp_experts.engine.worker.model import Aborted, FileIdentity, LoadedModel, ModelKey, check_numbers, identify
from lsp_experts.engine.worker.native import AbortFlag, Native
from lsp_experts.engine.worker.shelf import KvShelf
from lsp_experts.errors import EngineError


@dataclass(frozen=True)
class KvOwner:
    """Whose saved KV: it is good for nobody else, not even for the same expert with another file."""

    expert: str
    file: FileIdentity
    adapter: FileIdentity | None
    adapter_scale: float
    n_ctx: int
    use_extra_bufts: bool


class Roster:
    """The loaded experts. Only the compute thread may call it, but for `state`, which any thread may."""

    def __init__(self, native: Native, flag: AbortFlag) -> None:
        self._native, self._flag = native, flag
        self._gpus = Gpus(native.C)
        self._shelf = KvShelf()
        self._models: dict[ModelKey, LoadedModel] = {}
        self._experts: dict[str, LoadedExpert] = {}

    def expert(self, name: str) -> LoadedExpert:
        """A loaded expert; EngineError("unknown_expert")."""
        try:
            return self._experts[name]
        except KeyError:
            raise EngineError("unknown_expert", f"{name} is not loaded") from None

    def hot(self, name: str) -> LoadedExpert:
        """An expert that can compute. EngineError("bad_request" | "unknown_expert")."""
        expert = self.expert(name)
        if expert.parked:
            raise EngineError("bad_request", f"{name} is parked")
        return expert

    def speakers(self, request: Complete) -> list[LoadedExpert]:
        """The experts that answer together, the leader first. EngineError("bad_request" | "unknown_expert")."""
        names = [request.expert, *request.partners]
        if len(set(names)) < len(names):
            raise EngineError("bad_request", "an expert is named twice")
        experts = [self.hot(name) for name in names]
        leader = experts[0]
        for expert in experts:
            if not expert.vocabulary.same_as(leader.vocabulary):
                raise EngineError("bad_request", f"{expert.name} has another vocabulary than {leader.name}")
        return experts

    # -- moves --------------------------------------------------------------------------------------------------------

    def load(self, load: Load, on_progress: Callable[[float], bool]) -> LoadReport:
        """Load an expert, over a model that is there already where it can.

        EngineError("bad_request" | "load_failed" | "out_of_memory"), Aborted; nothing is left behind then.
        """
        started = time.monotonic()
        if load.expert in self._experts:
            raise EngineError("bad_request", f"{load.expert} is loaded already")
        check_numbers(load)
        file = identify(load.path)
        adapter = identify(load.adapter) if load.adapter else None
        owner = KvOwner(load.expert, file, adapter, load.adapter_scale, load.n_ctx, load.use_extra_bufts)
        self._forget(load.expert, but=owner)
        key = ModelKey(file, load.use_extra_bufts, load.n_gpu_layers if self._gpus.present else 0)
        free_before = self._gpus.free_bytes()
        shared = key in self._models
        if not shared:
            self._models[key] = LoadedModel(self._native, key, on_progress)
        elif not self._hot(file.path):
            memory.populate_pages(file.path)
        model = self._models[key]
        try:
            if shared and not on_progress(1.0):  # llama.cpp asks only while it loads a model
                raise Aborted
            expert = LoadedExpert(self._native, self._flag, load, model, self._shelf, owner)
        except BaseException:
            self._release(model)
            raise
        self._experts[load.expert] = expert
        restored = expert.restore_newest()
        memory.trim_heap()
        vocabulary, weights = model.vocabulary, self._weights(expert, memory.mapped_bytes({file.path}))
        return LoadReport(
            file_bytes=file.size,
            resident_bytes=self._resident(expert, weights),
            load_ms=_milliseconds_since(started),
            n_vocab=vocabulary.size,
            n_ctx=expert.n_ctx,
            controls=tuple(text for text in load.control_texts if vocabulary.single_control(text)),
            fim=vocabulary.fim_texts(),
            architecture=model.metadata("general.architecture"),
            file_type=model.describe(),
            weights_bytes=weights,
            shared=shared,
            kv_tokens=restored,
            n_gpu_layers=min(key.n_gpu_layers, model.n_layers + 1),  # the output layer counts
            device_bytes=max(0, free_before - self._gpus.free_bytes()),
        )

    def park(self, name: str) -> MoveReport:
        """Save the KV cache, free the context, give the pages back. Twice is fine."""
        started = time.monotonic()
        expert = self.expert(name)
        saved = 0
        if not expert.parked:
            saved = expert.park()
            self._give_back(expert.model)
        return self._moved(expert, started, saved)

    def unpark(self, name: str) -> MoveReport:
        """Pages, context and KV cache again. EngineError: it is parked as before. Twice is fine."""
        started = time.monotonic()
        expert = self.expert(name)
        restored = 0
        if expert.parked:
            if not self._hot(expert.model.path):
                memory.populate_pages(expert.model.path)
            try:
                restored = expert.unpark()
            finally:
                self._give_back(expert.model)  # where it failed
        return self._moved(expert, started, restored)

    def evict(self, name: str, *, forget: bool) -> MoveReport:
        """Free an expert; its KV stays saved unless `forget`. One that is not loaded: only forgets."""
        started = time.monotonic()
        if forget:
            self._forget(name)
        expert = self._experts.get(name)
        if expert is None:
            return MoveReport(_milliseconds_since(started))
        if not forget:
            expert.save()
        saved = self._shelf.newest(expert.owner)
        del self._experts[name]
        expert.close()
        self._release(expert.model)
        return MoveReport(
            _milliseconds_since(started), self._shelf.bytes_of(expert.owner), 0, len(saved.tokens) if saved else 0
        )

    def _release(self, model: LoadedModel) -> None:
        """One expert less over a model: it goes with the last."""
        if not any(expert.model is model for expert in self._experts.values()):
            del self._models[model.key]
            model.close()
        self._give_back(model)

    def _give_back(self, model: LoadedModel) -> None:
        """Pages that nobody computes with, and heap that nobody uses."""
        if not self._hot(model.path):
            memory.drop_pages(model.path)
        memory.trim_heap()

    def _hot(self, path: str) -> bool:
        """Whether an expert over this file has a context."""
        return any(not expert.parked and expert.model.path == path for expert in self._experts.values())

    def _forget(self, name: str, *, but: KvOwner | None = None) -> None:
        for owner in self._shelf.owners():
            if isinstance(owner, KvOwner) and owner.expert == name and owner != but:
                self._shelf.forget(owner)

    # -- reports ------------------------------------------------------------------------------------------------------

    def state(self, waiting: int) -> StateReport:
        """Memory of this process and of each expert, measured."""
        experts = list(self._experts.values())
        mapped = memory.mapped_bytes({expert.model.path for expert in experts})
        anonymous = memory.anonymous_bytes()
        saved = {expert.name: self._shelf.bytes_of(expert.owner) for expert in experts}
        return StateReport(
            resident_bytes=anonymous + sum(mapped.values()),
            anonymous_bytes=anonymous,
            experts=tuple(self._expert_state(expert, mapped) for expert in experts),
            waiting=waiting,
            evicted_kv_bytes=max(0, self._shelf.total_bytes() - sum(saved.values())),
            devices=self._gpus.measure(),
        )

    def _expert_state(self, expert: LoadedExpert, mapped: dict[str, int]) -> ExpertState:
        weights, newest = self._weights(expert, mapped), self._shelf.newest(expert.owner)
        return ExpertState(
            expert=expert.name,
            parked=expert.parked,
            file_bytes=expert.model.key.file.size,
            resident_bytes=self._resident(expert, weights),
            kv_tokens=len(newest.tokens) if expert.parked and newest else len(expert.mirror),
            weights_bytes=weights,
            saved_kv_bytes=self._shelf.bytes_of(expert.owner),
        )

    def _moved(self, expert: LoadedExpert, started: float, kv_tokens: int) -> MoveReport:
        ms = _milliseconds_since(started)  # before measuring, which takes some more
        weights = self._weights(expert, memory.mapped_bytes({expert.model.path}))
        return MoveReport(ms, self._resident(expert, weights), weights, kv_tokens)

    def _weights(self, expert: LoadedExpert, mapped: dict[str, int]) -> int:
        return expert.model.anonymous_bytes + mapped[expert.model.path]

    def _resident(self, expert: LoadedExpert, weights: int) -> int:
        return weights + expert.anonymous_bytes + self._shelf.bytes_of(expert.owner)


def _milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 3)
