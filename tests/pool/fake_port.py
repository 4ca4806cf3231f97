"""An engine in memory for pool tests: what it loads waits for gates, dies and measures as scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_experts.engine.protocol import Device, ExpertState, Load, LoadReport, MoveReport, StateReport
from lsp_experts.errors import EngineDied
from lsp_experts.pool.model import Model

MIB = 1024 * 1024
LOAD_MS = 7.0
UNPARK_MS = 0.5


@dataclass
class FakePort:
    """Loads take `sizes[expert]` bytes (default: as many as the file), and parked a tenth of it (`parked_share`).

    `weights[path stem]` bytes of that belong to the model, which experts over the same path share. With `devices`,
    `layer_bytes` go to the first one for each GPU layer. What is evicted and not forgotten keeps `kv_bytes` each; HOT,
    `saved_kv[expert]` of its bytes are of that kind. `faults[request]` are raised in turn; a request is an expert's
    name (its load) or "park NAME", "unpark NAME", "evict NAME", "state". `on_move` hears of every move.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    parked_share: float = 0.1
    weights: dict[str, int] = field(default_factory=dict)
    overhead_bytes: int = 0
    generation: int = 1
    quarantined: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    paths: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    begun: dict[str, asyncio.Event] = field(default_factory=dict)
    on_move: Callable[[str], None] | None = None
    running: int = 0
    devices: tuple[Device, ...] = ()
    layer_bytes: int = 0
    device_layers: dict[str, int] = field(default_factory=dict)
    started: bool = False
    kv_bytes: int = 0
    saved_kv: dict[str, int] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)  # evicted, with saved KV

    def gate(self, request: str) -> asyncio.Event:
        self.begun[request] = asyncio.Event()
        return self.gates.setdefault(request, asyncio.Event())

    async def start(self) -> None:
        self.started = True

    async def load(self, load: Load, on_progress: Callable[[float], None] = lambda fraction: None) -> LoadReport:
        self.log.append(f"load {load.expert}")
        on_progress(0.5)
        await self._move(load.expert)
        assert load.expert not in self.loaded
        self.started = True
        self.kept.discard(load.expert)
        self.loaded[load.expert] = self.sizes.get(load.expert, Path(load.path).stat().st_size)
        self.paths[load.expert] = load.path
        self.device_layers[load.expert] = load.n_gpu_layers
        return LoadReport(
            file_bytes=self.loaded[load.expert],
            resident_bytes=self.loaded[load.expert],
            load_ms=LOAD_MS,
            n_vocab=10,
            n_ctx=64,
            weights_bytes=self._weights(load.expert),
            n_gpu_layers=load.n_gpu_layers,
            device_bytes=load.n_gpu_layers * self.layer_bytes,
        )

    async def park(self, expert: str) -> MoveReport:
        await self._logged("park", expert)
        assert expert in self.loaded and expert not in self.parked
        self.parked.add(expert)
        return self._report(expert)

    async def unpark(self, expert: str) -> MoveReport:
        await self._logged("unpark", expert)
        assert expert in self.parked
        self.parked.remove(expert)
        return self._report(expert)

    async def evict(self, expert: str, *, forget: bool = False) -> MoveReport:
        await self._logged("forget" if forget else "evict", expert)
        if forget:
            self.kept.discard(expert)
        elif expert in self.loaded:
            self.kept.add(expert)
        for held in (self.loaded, self.paths, self.device_layers):
            held.pop(expert, None)
        self.parked.discard(expert)
        return MoveReport(UNPARK_MS)

    async def state(self) -> StateReport:
        self._fail("state")
        experts = tuple(
            ExpertState(
                name, name in self.parked, size, self._held(name), 3, self._weights(name), self.saved_kv.get(name, 0)
            )
            for name, size in self.loaded.items()
        )
        return StateReport(
            self.held_bytes,
            anonymous_bytes=0,
            experts=experts,
            evicted_kv_bytes=self.kv_bytes * len(self.kept),
            devices=self._devices(),
        )

    @property
    def held_bytes(self) -> int:
        models = {self.paths[name]: 0 for name in self.loaded}
        for name in self.loaded:
            models[self.paths[name]] = max(models[self.paths[name]], self._weights(name))
        own = sum(self._held(name) - self._weights(name) for name in self.loaded)
        return self.overhead_bytes + self.kv_bytes * len(self.kept) + own + sum(models.values())

    def hot(self) -> set[str]:
        return self.loaded.keys() - self.parked

    def _held(self, expert: str) -> int:
        own = self.loaded[expert] - self._full_weights(expert)
        return self._weights(expert) + (int(own * self.parked_share) if expert in self.parked else own)

    def _full_weights(self, expert: str) -> int:
        return self.weights.get(Path(self.paths[expert]).stem, 0)

    def _weights(self, expert: str) -> int:
        """Of one model the pages stay while any expert over it is HOT."""
        used = any(self.paths[name] == self.paths[expert] for name in self.hot())
        return self._full_weights(expert) if used else int(self._full_weights(expert) * self.parked_share)

    def _devices(self) -> tuple[Device, ...]:
        if not self.devices or not self.started:
            return ()
        first, *others = self.devices
        taken = sum(self.device_layers.values()) * self.layer_bytes
        return Device(first.name, first.free_bytes - taken, first.total_bytes), *others

    def _report(self, expert: str) -> MoveReport:
        return MoveReport(UNPARK_MS, self._held(expert), self._weights(expert), 3)

    async def _logged(self, what: str, expert: str) -> None:
        self.log.append(f"{what} {expert}")
        await self._move(f"{'evict' if what == 'forget' else what} {expert}")

    async def _move(self, request: str) -> None:
        self.running += 1
        assert self.running == 1, "one move at a time"
        try:
            if self.on_move is not None:
                self.on_move(request)
            if request in self.gates:
                self.begun[request].set()
                await self.gates[request].wait()
            self._fail(request)
        finally:
            self.running -= 1

    def _fail(self, request: str) -> None:
        if self.faults.get(request):
            error = self.faults[request].pop(0)
            if isinstance(error, EngineDied):
                self.die()
            raise error

    def die(self) -> None:
        self.loaded.clear()
        self.parked.clear()
        self.device_layers.clear()
        self.kept.clear()
        self.generation += 1


@dataclass
class Clock:
    """Seconds; each look takes a millisecond. `sleep` lets the time pass at once."""

    now: float = 100.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds


@dataclass
class FakePageCache:
    log: list[str] = field(default_factory=list)
    fraction: dict[str, float] = field(default_factory=dict)
    looked: int = 0

    def start(self, path: Path) -> None:
        self.log.append(path.stem)

    def cancel(self) -> None:
        self.log.append("cancel")

    def cached_fraction(self, path: Path) -> float:
        self.looked += 1
        return self.fraction.get(path.stem, 0.0)


def model(folder: Path, expert: str, size: int = 10, **how: object) -> Model:
    path = folder / f"{expert}.gguf"
    if not path.exists():
        path.write_bytes(b"x" * size)
    return Model(path=path, file_bytes=path.stat().st_size, **how)  # type: ignore[arg-type]
