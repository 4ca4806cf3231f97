"""What the pool knows of an expert's file before it is loaded, and what it says of an expert afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_experts.engine.protocol import Load

# CACHED: nothing in the engine, its file in the page cache. LOADING and UNPARKING are on their way to HOT.
State = Literal["HOT", "LOADING", "UNPARKING", "PARKED", "CACHED", "COLD"]
Urgency = Literal["now", "next"]  # the user works in it; the user is likely to work in it soon


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
    adapter: Path | None = None  # LoRA over the model at `path`, which other experts may share
    adapter_bytes: int = 0
    adapter_scale: float = 1.0
    n_gpu_layers: int = 0  # the most that may go to a GPU; how many do is decided by its free memory

    def load(self, expert: str) -> Load:
        """The engine's request that loads this file as `expert`."""
        return Load(
            expert=expert,
            path=str(self.path),
            n_ctx=self.n_ctx,
            n_threads=self.n_threads,
            use_extra_bufts=self.use_extra_bufts,
            control_texts=self.control_texts,
            adapter=str(self.adapter) if self.adapter is not None else "",
            adapter_scale=self.adapter_scale,
            n_gpu_layers=self.n_gpu_layers,
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
    weights_bytes: int = 0  # of resident_bytes, what is counted once where experts share a model
    kv_tokens: int = 0  # in its KV cache or saved for it, when last measured
    park_ms: float = 0.0  # of the last parking, as the engine measured it
    unpark_ms: float = 0.0
    probability: float = 0.0  # of being needed soon, as the policy sees it
    device_bytes: int = 0
