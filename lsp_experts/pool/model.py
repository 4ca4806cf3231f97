"""What the pool knows of an expert's file before it is loaded, and what it says of an expert afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_experts.engine.protocol import Load

State = Literal["HOT", "LOADING", "PARKED", "COLD"]


@dataclass(frozen=True)
class Model:
    """A model file and how the engine shall open it. `pinned`: never put out (the interpreter)."""

    path: Path
    file_bytes: int
    n_ctx: int = 2048
    use_extra_bufts: bool = False
    control_texts: tuple[str, ...] = ()
    pinned: bool = False
    n_threads: int = 1

    def load(self, expert: str) -> Load:
        """The engine's request that loads this file as `expert`."""
        return Load(
            expert=expert,
            path=str(self.path),
            n_ctx=self.n_ctx,
            n_threads=self.n_threads,
            use_extra_bufts=self.use_extra_bufts,
            control_texts=self.control_texts,
        )


@dataclass(frozen=True)
class ExpertStatus:
    """One expert as the status display shows it."""

    expert: str
    state: State
    resident_bytes: int  # measured; while it loads: predicted; COLD: 0
    file_bytes: int  # 0 until its file was found once
    leases: int
    load_ms: float  # of the last load, as the engine measured it
    ready_ms: float  # of the last load, from the wish to HOT
    reason: str  # why it is not HOT; "" if it is
    wished_because: str
    pinned: bool = False
