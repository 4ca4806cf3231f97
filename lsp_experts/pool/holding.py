"""What the pool remembers of one expert."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from lsp_experts.engine.protocol import ExpertState, LoadReport, MoveReport
from lsp_experts.pool.devices import DeviceNeed
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.measured import Figures
from lsp_experts.pool.model import ExpertStatus, Model, State
from lsp_experts.pool.snapshot import Resident

RETRY_FIRST_S = 5.0
RETRY_LONGEST_S = 300.0


@dataclass
class Holding:
    """The state of one expert, and why. Changed by the pool only; times are seconds on the pool's clock."""

    expert: str
    state: State = "COLD"
    model: Model | None = None
    report: LoadReport | None = None  # of its last load, while it is HOT or PARKED
    figures: Figures = field(default_factory=Figures)  # measured where it was loaded once, else predicted
    need: DeviceNeed | None = None  # of the GPU, for its next load
    leases: list[Lease] = field(default_factory=list)
    last_used_s: float = -math.inf
    came_in_s: float = -math.inf
    generation: int = -1  # of the engine process that loaded it
    stay: int = 0  # counts how often it became HOT, so that a lease of an earlier time is told apart
    device_bytes: int = 0
    kv_tokens: int = 0
    load_ms: float = 0.0
    ready_ms: float = 0.0
    park_ms: float = 0.0
    unpark_ms: float = 0.0
    reason: str = "not asked for yet"
    why: str = ""
    failures: int = 0
    retry_at_s: float = 0.0

    @property
    def pinned(self) -> bool:
        """Whether it must not be put out."""
        return self.model is not None and self.model.pinned

    @property
    def there(self) -> bool:
        """Whether the engine has it, ready or parked."""
        return self.state in ("HOT", "PARKED")

    @property
    def insisted_on(self) -> bool:
        """Whether somebody has a lease that cannot be revoked."""
        return any(lease.on_revoke is None for lease in self.leases)

    # --- its states

    def set_out(self, state: State, reason: str) -> None:
        """It is LOADING or UNPARKING."""
        self.state, self.reason = state, reason

    def loaded(self, report: LoadReport, *, generation: int, now_s: float) -> Figures:
        """Its load succeeded. Gives what that measured."""
        measured = Figures(
            resident_bytes=report.resident_bytes,
            weights_bytes=report.weights_bytes,
            device_bytes=report.device_bytes,
            load_ms=report.load_ms,
        )
        self.report, self.generation, self.came_in_s = report, generation, now_s
        self.load_ms, self.kv_tokens, self.device_bytes = report.load_ms, report.kv_tokens, report.device_bytes
        self._become_hot()
        return self._take(measured)

    def unparked(self, report: MoveReport) -> Figures:
        """It is HOT again. Gives what that measured."""
        self.unpark_ms, self.kv_tokens = report.ms, report.kv_tokens
        self._become_hot()
        self._take(Figures(report.resident_bytes, report.weights_bytes))
        return self._take(Figures(unpark_ms=report.ms))

    def parked(self, report: MoveReport) -> Figures:
        """The engine parked it. Gives what that measured; who else uses its model shows at the next measurement."""
        self.park_ms, self.kv_tokens = report.ms, report.kv_tokens
        return self._take(Figures(park_ms=report.ms))

    def become_parked(self, reason: str) -> tuple[Lease, ...]:
        """Only its model stays. Gives the leases that died with it."""
        self.state, self.reason = "PARKED", reason
        return self._end_leases()

    def become_cold(self, reason: str) -> tuple[Lease, ...]:
        """It left memory, or never came in. Gives the leases that died with it."""
        self.state, self.reason, self.report = "COLD", reason, None
        self.device_bytes = self.kv_tokens = 0
        return self._end_leases()

    def measured(self, state: ExpertState, *, alone: bool) -> Figures:
        """The engine's sizes of it, HOT or PARKED. `alone`: no HOT expert uses its model. Gives what that measured."""
        self.kv_tokens = state.kv_tokens
        if state.resident_bytes <= 0:
            return Figures()
        if self.state == "HOT":
            self._take(Figures(state.resident_bytes, state.weights_bytes))
            # KV of earlier anchors is counted where it is: when it is not loaded, beside it or not at all.
            return Figures(state.resident_bytes - state.saved_kv_bytes, state.weights_bytes)
        if alone:
            return self._take(Figures(parked_bytes=state.resident_bytes, parked_weights_bytes=state.weights_bytes))
        own = state.resident_bytes - state.weights_bytes
        self.figures = replace(self.figures, parked_bytes=own + self.figures.parked_weights_bytes)
        return Figures()

    def _become_hot(self) -> None:
        self.state, self.reason, self.leases = "HOT", "", []
        self.stay += 1
        self.forgive()

    def _end_leases(self) -> tuple[Lease, ...]:
        ended, self.leases = tuple(self.leases), []
        return ended

    def _take(self, measured: Figures) -> Figures:
        self.figures = measured.over(self.figures)
        return measured

    # --- failures

    def fail(self, reason: str, now_s: float, *, escalate: bool) -> None:
        """It could not be loaded. Not tried again at every keystroke, but after 5 s; escalating: 10 s ... 5 minutes."""
        self.become_cold(reason)
        self.retry_at_s = now_s + min(RETRY_LONGEST_S, RETRY_FIRST_S * 2.0 ** min(self.failures, 10))
        self.failures += escalate

    def forgive(self) -> None:
        """The next wish may try it at once."""
        self.failures, self.retry_at_s = 0, 0.0

    # --- for others to see

    def resident(self, probability: float) -> Resident:
        """Itself in a snapshot."""
        # While it is not parked, this is a guess, and parking never takes more than being HOT.
        parked_bytes = self.figures.parked_bytes
        if self.state != "PARKED":
            parked_bytes = min(parked_bytes, self.figures.resident_bytes)
        revocable = sum(lease.on_revoke is not None for lease in self.leases)
        return Resident(
            expert=self.expert,
            state=self.state,
            resident_bytes=self.figures.resident_bytes,
            weights=_shared_model(self.model),
            weights_bytes=self.figures.weights_bytes,
            parked_bytes=parked_bytes,
            parked_weights_bytes=self.figures.parked_weights_bytes,
            leases=len(self.leases) - revocable,
            revocable=revocable,
            last_used_s=self.last_used_s,
            came_in_s=self.came_in_s,
            pinned=self.pinned,
            load_ms=self.figures.load_ms,
            unpark_ms=self.figures.unpark_ms,
            probability=probability,
            device_bytes=self.device_bytes,
            device_need=self.need,
        )

    def status(self, state: State, reason: str, probability: float) -> ExpertStatus:
        """Itself in the status display."""
        held = self.resident(probability)
        return ExpertStatus(
            expert=self.expert,
            state=state,
            resident_bytes=held.bytes_now,
            file_bytes=self.model.file_bytes if self.model is not None else 0,
            leases=len(self.leases),
            load_ms=self.load_ms,
            ready_ms=self.ready_ms,
            reason=reason,
            wished_because=self.why,
            pinned=self.pinned,
            weights_bytes=held.weights_bytes_now,
            kv_tokens=self.kv_tokens,
            park_ms=self.park_ms,
            unpark_ms=self.unpark_ms,
            probability=probability,
            device_bytes=self.device_bytes,
        )


def _shared_model(model: Model | None) -> str:
    # Repacked weights are copies of one expert's own.
    return str(model.path) if model is not None and not model.use_extra_bufts else ""
