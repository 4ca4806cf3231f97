"""The memory of the fake engine: which toys are loaded, what they hold, and the KV that outlives them.

A toy of size N (`size:EXPERT=N`, else the size of its file) holds N bytes while it is HOT: 80 % are weights, 20 % its
own. Toys with the same Load.path share the weights of the one that came first, so an adapter's toy holds those and 20 %
of its size. A parked toy holds a tenth of its own bytes, and of the weights where nobody HOT shares them. `rss` scales
all of it. A toy has 10 layers; those on the GPU cost their part of the weights there, and as much here as elsewhere.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.engine.fake_faults import Script
from lsp_experts.engine.fake_kv import ToyCache
from lsp_experts.engine.fake_model import Sayings, ToyExpert, ToyWeights
from lsp_experts.engine.protocol import Device, ExpertState, Load, MoveReport, StateReport
from lsp_experts.errors import EngineError

_WEIGHTS_PERCENT = 80
_LAYERS = 10
_PARKED_PART = 10
_PROCESS_BYTES = 1_000_000


@dataclass(frozen=True)
class _Saved:
    """KV of a toy that is not loaded, and of which files it is."""

    files: tuple[object, ...]
    cache: ToyCache


class ToyMemory:
    """All toys of one fake engine. Only the compute thread changes it; any thread may ask for `state`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._toys: dict[str, ToyExpert] = {}
        self._saved: dict[str, _Saved] = {}

    def __contains__(self, expert: str) -> bool:
        return expert in self._toys

    def toy(self, expert: str) -> ToyExpert:
        """A loaded toy. EngineError("unknown_expert")."""
        if expert not in self._toys:
            raise EngineError("unknown_expert", f"{expert} is not loaded")
        return self._toys[expert]

    def hot_toy(self, expert: str) -> ToyExpert:
        """A toy that can compute. EngineError("unknown_expert" | "bad_request")."""
        toy = self.toy(expert)
        if toy.parked:
            raise EngineError("bad_request", f"{expert} is parked")
        return toy

    # -- moves --------------------------------------------------------------------------------------------------------

    def file_bytes(self, load: Load) -> int:
        """The size of the toy. EngineError("load_failed") for a file that is none, or where the script says so."""
        if load.expert in self._script.load_failed:
            raise EngineError("load_failed", f"the script refuses {load.expert}")
        if load.expert in self._script.sizes:
            return self._script.sizes[load.expert]
        return [_size(path) for path in (load.adapter, load.path) if path][-1]

    def shares(self, load: Load) -> bool:
        """Whether the weights that `load` needs are here already."""
        return self._weights_of(load.path) is not None

    def add(self, load: Load, script: Sayings) -> ToyExpert:
        """Take a toy in, with the KV that was saved of it. EngineError("load_failed" | "out_of_memory")."""
        size = self.file_bytes(load)
        weights_bytes = size * _WEIGHTS_PERCENT // 100
        shared = self._weights_of(load.path)
        layers = min(load.n_gpu_layers, _LAYERS) if "gpu" in self._script.settings else 0
        toy = ToyExpert(
            name=load.expert,
            weights=shared or ToyWeights(load.path, weights_bytes, layers),
            file_bytes=size,
            own_bytes=size - weights_bytes,
            n_ctx=load.n_ctx,
            script=script,
            probability=self._script.probability(load.expert),
            files=_identity(load),
        )
        if self._script.runs_out_of_memory(load.expert):
            raise EngineError("out_of_memory", f"there is no memory for {load.expert}")
        self._check_room([*self._toys.values(), toy], load.expert)
        saved = self._saved.pop(load.expert, None)
        if saved and saved.files == toy.files:
            toy.cache = saved.cache
        self._toys[load.expert] = toy
        return toy

    def park(self, expert: str) -> None:
        """A parked toy keeps its KV, and computes nothing."""
        self.toy(expert).parked = True

    def unpark(self, expert: str) -> None:
        """Make a toy HOT again. EngineError("out_of_memory") leaves it parked."""
        toy = self.toy(expert)
        was, toy.parked = toy.parked, False
        try:
            self._check_room(list(self._toys.values()), expert)
        except EngineError:
            toy.parked = was
            raise

    def evict(self, expert: str, *, forget: bool) -> None:
        """Free a toy, if it is there, and its saved KV if `forget`."""
        toy = self._toys.pop(expert, None)
        if toy:
            self._saved[expert] = _Saved(toy.files, toy.cache)
        if forget:
            self._saved.pop(expert, None)

    # -- measuring ----------------------------------------------------------------------------------------------------

    def moved(self, expert: str, ms: float) -> MoveReport:
        """The report about a toy that was parked, unparked or evicted in `ms`."""
        toy, saved = self._toys.get(expert), self._saved.get(expert)
        if toy is None:
            cache = saved.cache if saved else ToyCache()
            return MoveReport(ms, self._kv_bytes(cache.tokens), 0, len(cache.mirror))
        state = self.expert_state(toy)
        return MoveReport(ms, state.resident_bytes, state.weights_bytes, state.kv_tokens)

    def state(self, waiting: int) -> StateReport:
        """What the process holds while `waiting` requests wait."""
        toys = list(self._toys.values())
        own_bytes = int(_PROCESS_BYTES * self._factor)
        evicted = sum(self._kv_bytes(saved.cache.tokens) for saved in list(self._saved.values()))
        return StateReport(
            resident_bytes=own_bytes + self._sum(toys) + evicted,
            anonymous_bytes=own_bytes + sum(map(self._own_bytes, toys)) + evicted,
            experts=tuple(map(self.expert_state, toys)),
            waiting=waiting,
            evicted_kv_bytes=evicted,
            devices=self._devices(toys),
        )

    def expert_state(self, toy: ToyExpert) -> ExpertState:
        """What one toy holds."""
        weights_bytes = self._weights_bytes(toy.weights, list(self._toys.values()))
        return ExpertState(
            expert=toy.name,
            parked=toy.parked,
            file_bytes=toy.file_bytes,
            resident_bytes=weights_bytes + self._own_bytes(toy),
            kv_tokens=len(toy.cache.mirror),
            weights_bytes=weights_bytes,
            saved_kv_bytes=self._saved_kv_bytes(toy),
        )

    def device_bytes(self, weights: ToyWeights) -> int:
        """What `weights` take of the GPU."""
        return int(weights.bytes * self._factor) * weights.gpu_layers // _LAYERS

    @property
    def _factor(self) -> float:
        return self._script.number("rss", 1.0)

    def _weights_of(self, path: str) -> ToyWeights | None:
        return next((toy.weights for toy in self._toys.values() if toy.weights.path == path), None)

    def _own_bytes(self, toy: ToyExpert) -> int:
        own_bytes = int(toy.own_bytes * self._factor) // (_PARKED_PART if toy.parked else 1)
        return own_bytes + self._saved_kv_bytes(toy)

    def _saved_kv_bytes(self, toy: ToyExpert) -> int:
        return self._kv_bytes(toy.cache.tokens if toy.parked else toy.cache.shelf_tokens)

    def _kv_bytes(self, tokens: int) -> int:
        return int(self._script.number("kv", 0) * tokens)

    def _weights_bytes(self, weights: ToyWeights, toys: list[ToyExpert]) -> int:
        used = any(toy.weights is weights and not toy.parked for toy in toys)
        return int(weights.bytes * self._factor) // (1 if used else _PARKED_PART)

    def _sum(self, toys: list[ToyExpert]) -> int:
        distinct = {toy.weights for toy in toys}
        return sum(self._weights_bytes(weights, toys) for weights in distinct) + sum(map(self._own_bytes, toys))

    def _devices(self, toys: list[ToyExpert]) -> tuple[Device, ...]:
        if "gpu" not in self._script.settings:
            return ()
        free, _, total = self._script.settings["gpu"].partition("/")
        taken = sum(map(self.device_bytes, {toy.weights for toy in toys}))
        return (Device("toy GPU", int(free) - taken, int(total)),)

    def _check_room(self, toys: list[ToyExpert], expert: str) -> None:
        """Whether the process may hold `toys`; `expert` is the one that wants in."""
        if self._sum(toys) > self._script.number("capacity", float("inf")):
            raise EngineError("out_of_memory", f"there is no memory for {expert}")
        if any(device.free_bytes < 0 for device in self._devices(toys)):
            raise EngineError("out_of_memory", f"there is no GPU memory for {expert}")


def _size(path: str) -> int:
    try:
        status = Path(path).stat()
    except OSError as error:
        raise EngineError("load_failed", f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        raise EngineError("load_failed", f"{path} is not a model file")
    return status.st_size


def _identity(load: Load) -> tuple[object, ...]:
    """Names the files of a load; another file under the same name is another one."""
    found: list[object] = [load.path, load.adapter, load.adapter_scale, load.n_ctx]
    for path in (load.path, load.adapter):
        try:
            status = Path(path).stat()
        except OSError:
            continue  # a toy of a scripted size needs no file
        found += [status.st_size, status.st_mtime_ns]
    return tuple(found)
