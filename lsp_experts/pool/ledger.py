"""What is in memory, and how much of it, as far as the pool knows: no waiting, no effects on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from lsp_experts.engine.protocol import ExpertState, LoadReport, MoveReport, StateReport
from lsp_experts.pool.devices import free_bytes
from lsp_experts.pool.header import Shape
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.model import Model, Urgency
from lsp_experts.pool.prediction import device_need, predict
from lsp_experts.pool.probability import use_soon
from lsp_experts.pool.snapshot import Snapshot


class Ledger:
    """The holdings of one engine. `generation` is that of the running process; `changed` follows each change."""

    def __init__(
        self,
        generation: Callable[[], int],
        changed: Callable[[], None],
        clock: Callable[[], float],
        sizes: MeasuredSizes,
    ) -> None:
        self._generation, self._changed, self._clock = generation, changed, clock
        self._holdings: dict[str, Holding] = {}
        self._sizes = sizes
        self._free_device_bytes = 0
        self.has_device = False  # whether the engine has a GPU at all
        self.expected: Mapping[str, float] = {}  # probability of being needed soon, as the routing sees it
        self.engine_bytes = 0  # when it was last measured
        self._overhead_bytes = 0  # of them, what belongs to no expert
        self.evicted_kv_bytes = 0  # of that, the saved KV of experts that left

    def __iter__(self) -> Iterator[Holding]:
        return iter(sorted(self._holdings.values(), key=lambda holding: holding.expert))

    def of(self, expert: str) -> Holding:
        """The holding of `expert`, a COLD one if it was never asked for."""
        return self._holdings.get(expert) or Holding(expert)

    def open(self, expert: str) -> Holding:
        """The holding of `expert`, kept from here on."""
        return self._holdings.setdefault(expert, Holding(expert))

    @property
    def empty(self) -> bool:
        """Whether the engine holds nothing worth measuring."""
        return not self.engine_bytes and not any(holding.there for holding in self._holdings.values())

    def snapshot(self, budget_bytes: int, wanted: str | None, *, urgency: Urgency = "now", tight: bool) -> Snapshot:
        """This moment, for the policy."""
        experts = tuple(
            holding.resident(self.expected.get(holding.expert, 0.0))
            for holding in self._holdings.values()
            if holding.state != "COLD" or holding.expert == wanted
        )
        return Snapshot(
            experts=experts,
            budget_bytes=budget_bytes,
            overhead_bytes=self._overhead_bytes,
            wanted=wanted,
            urgency=urgency,
            now_s=self._clock(),
            tight=tight,
            free_device_bytes=self._free_device_bytes,
        )

    def probability(self, holding: Holding) -> float:
        """P(use soon) as the policy sees it."""
        expected = self.expected.get(holding.expert, 0.0)
        return use_soon(expected, holding.last_used_s, self._clock(), in_use=bool(holding.leases))

    # --- what changes

    def size_up(self, expert: str, model: Model, shape: Shape | None, *, on_cpu: bool) -> None:
        """`model` is what `expert` would be loaded from: measured figures if there are any, else predicted ones.

        `on_cpu`: whatever the model may use of a GPU, this time it gets none.
        """
        holding = self.open(expert)
        if on_cpu:
            model = replace(model, n_gpu_layers=0)
        known = self._sizes.recall(model)
        holding.model, holding.figures = model, known.over(predict(model, shape))
        holding.need = device_need(model, shape, known.device_bytes)

    def loaded(self, holding: Holding, report: LoadReport) -> None:
        """A load succeeded."""
        self._remember(holding, holding.loaded(report, generation=self._generation(), now_s=self._clock()))
        self._changed()

    def unparked(self, holding: Holding, report: MoveReport) -> None:
        """An unparking succeeded."""
        self._remember(holding, holding.unparked(report))
        self._changed()

    def parked(self, holding: Holding, report: MoveReport) -> None:
        """A parking that was announced with park() succeeded."""
        self._remember(holding, holding.parked(report))
        self._changed()

    def park(self, holding: Holding, reason: str) -> tuple[Lease, ...]:
        """One expert is PARKED. Gives the leases that died with it."""
        ended = holding.become_parked(reason)
        self._changed()
        return ended

    def cool(self, holding: Holding, reason: str) -> tuple[Lease, ...]:
        """One expert is COLD. Gives the leases that died with it."""
        ended = holding.become_cold(reason)
        self._changed()
        return ended

    def notice_restart(self) -> None:
        """What an older engine process held is gone."""
        now = self._generation()
        if any(holding.there and holding.generation != now for holding in self._holdings.values()):
            self.lose("the engine was restarted", now)

    def lose(self, reason: str, except_generation: int | None = None) -> None:
        """Everything is COLD, but what this generation loaded."""
        self.engine_bytes = self._overhead_bytes = self.evicted_kv_bytes = 0
        for holding in self._holdings.values():
            if holding.there and holding.generation != except_generation:
                holding.become_cold(reason)
        self._changed()

    def measured(self, report: StateReport) -> tuple[str, ...]:
        """Take the engine's sizes and states over. Gives the experts that it still holds and should not."""
        self.notice_restart()
        found = {state.expert: state for state in report.experts}
        for holding in self._holdings.values():
            if holding.there and holding.expert not in found:
                holding.become_cold("the engine does not hold it any more")
            elif holding.there and found[holding.expert].parked != (holding.state == "PARKED"):
                holding.become_cold("the engine holds it in another state")  # a move of it failed
        held = {expert: state for expert, state in found.items() if self.of(expert).there}
        for expert, state in held.items():
            holding = self.of(expert)
            self._remember(holding, holding.measured(state, alone=not self._shared_by_hot(holding)))
        self.engine_bytes = report.resident_bytes
        self._overhead_bytes = max(0, report.resident_bytes - self._expert_bytes(report.experts))
        self.evicted_kv_bytes = report.evicted_kv_bytes
        self.measured_devices(report)
        return tuple(expert for expert in found if expert not in held)

    def measured_devices(self, report: StateReport) -> None:
        """Take the free memory of the GPUs over."""
        self.has_device = bool(report.devices)
        in_use = any(holding.device_bytes for holding in self._holdings.values())
        self._free_device_bytes = free_bytes(report.devices, in_use=in_use)

    def _shared_by_hot(self, holding: Holding) -> bool:
        model = holding.resident(0.0).weights
        others = (other for other in self._holdings.values() if other is not holding and other.state == "HOT")
        return bool(model) and any(other.resident(0.0).weights == model for other in others)

    def _expert_bytes(self, states: tuple[ExpertState, ...]) -> int:
        """What the reported experts hold together, each model once, strays included."""
        own = sum(state.resident_bytes - state.weights_bytes for state in states)
        models: dict[str, int] = {}
        for state in states:
            model = self.of(state.expert).resident(0.0).weights or state.expert
            models[model] = max(state.weights_bytes, models.get(model, 0))
        return own + sum(models.values())

    def _remember(self, holding: Holding, measured: Figures) -> None:
        if holding.model is not None and measured != Figures():
            self._sizes.remember(holding.model, measured)
