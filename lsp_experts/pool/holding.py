"""What the pool remembers of one expert."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.engine.protocol import LoadReport
from lsp_experts.pool.model import ExpertStatus, Model, State
from lsp_experts.pool.snapshot import Resident

RETRY_FIRST_S = 5.0
RETRY_LONGEST_S = 300.0


@dataclass
class Holding:
    """The state of one expert, and why. Changed by the pool only."""

    expert: str
    state: State = "COLD"
    model: Model | None = None
    report: LoadReport | None = None
    resident_bytes: int = 0
    leases: int = 0
    last_used: float = 0.0
    generation: int = -1  # of the engine process that loaded it
    load_number: int = 0  # counts its loads, so that a lease of an earlier one is told apart
    load_ms: float = 0.0
    ready_ms: float = 0.0
    reason: str = "not asked for yet"
    why: str = ""
    failures: int = 0
    retry_at: float = 0.0  # seconds on the pool's clock

    @property
    def pinned(self) -> bool:
        """Whether it must not be put out."""
        return self.model is not None and self.model.pinned

    def become_hot(self, report: LoadReport, *, generation: int, now: float, wished_at: float) -> None:
        """Its load succeeded."""
        self.state, self.reason, self.report = "HOT", "", report
        self.resident_bytes, self.load_ms = report.resident_bytes, report.load_ms
        self.ready_ms = (now - wished_at) * 1000
        self.generation, self.last_used, self.leases = generation, now, 0
        self.load_number += 1
        self.forgive()

    def become_cold(self, reason: str) -> None:
        """It left memory, or never came in; leases of it are dead."""
        self.state, self.reason, self.report = "COLD", reason, None
        self.resident_bytes = self.leases = 0

    def fail(self, reason: str, now: float, *, escalate: bool) -> None:
        """It could not be loaded. Not tried again at every keystroke, but after 5 s; escalating: 10 s ... 5 minutes."""
        self.become_cold(reason)
        self.retry_at = now + min(RETRY_LONGEST_S, RETRY_FIRST_S * 2.0 ** min(self.failures, 10))
        self.failures += escalate

    def forgive(self) -> None:
        """The next wish may try it at once."""
        self.failures, self.retry_at = 0, 0.0

    def resident(self) -> Resident:
        """Itself in a snapshot."""
        return Resident(self.expert, self.state, self.resident_bytes, self.leases, self.last_used, self.pinned)

    def status(self, reason: str) -> ExpertStatus:
        """Itself in the status display."""
        return ExpertStatus(
            expert=self.expert,
            state=self.state,
            resident_bytes=self.resident_bytes,
            file_bytes=self.model.file_bytes if self.model is not None else 0,
            leases=self.leases,
            load_ms=self.load_ms,
            ready_ms=self.ready_ms,
            reason=reason,
            wished_because=self.why,
            pinned=self.pinned,
        )
