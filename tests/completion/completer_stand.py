"""A completer over a real store, pool, supervisor and pipe, with a fake engine process."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from cursor import split_cursor

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.completer import Completer
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.far import Far
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.templates import control_texts
from lsp_experts.engine.call import Call
from lsp_experts.engine.command import engine_spawner, fake_command
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.paths import default_paths
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Store
from lsp_experts.routing.switches import Switches
from lsp_experts.settings import Settings

MB = 1_000_000
SIZE = 500 * MB
BASE, INTERPRETER = "qwen2.5-coder-0.5b", "smollm2-135m-instruct"
GO, HTML, RUBY = ("file:///w/a.go", "go"), ("file:///w/a.html", "html"), ("file:///w/a.rb", "ruby")


def install(*experts: str) -> None:
    """Put a small file into the store for each."""
    store = Store(default_paths().store)
    for expert in experts:
        data = f"the file of {expert}".encode()
        with store.temporary() as temporary:
            temporary.write_bytes(data)
            store.adopt(
                expert,
                temporary,
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                source="test",
                licence="none",
            )


def view(document: tuple[str, str], marked: str, version: int = 1) -> tuple[DocumentView, int]:
    """A document and the offset of its cursor mark."""
    text, offset = split_cursor(marked)
    return DocumentView(*document, version, text), offset


async def ask(completer: Completer, document: tuple[str, str], marked: str, version: int = 1) -> Suggestion | Silence:
    """One answer, whatever it is."""
    shown, offset = view(document, marked, version)
    return await asyncio.wait_for(completer.complete(shown, offset, manual=False), 20)


async def answered(
    completer: Completer, document: tuple[str, str], marked: str, version: int = 1
) -> Suggestion | Silence:
    """The answer once loading is over."""
    answer = await ask(completer, document, marked, version)
    while isinstance(answer, Silence) and answer.reason == "loading":
        await asyncio.wait_for(completer.ready(*view(document, marked)), 20)
        answer = await ask(completer, document, marked, version)
    return answer


class ListeningEngine(Supervisor):
    """Keeps what was asked of it."""

    asked: list[Complete]
    calls: list[Call[CompleteReport]]

    def complete(self, request: Complete) -> Call[CompleteReport]:
        """Remember and ask."""
        self.asked.append(request)
        self.calls.append(super().complete(request))
        return self.calls[-1]


@dataclass
class Stand:
    """A completer and what it stands on."""

    completer: Completer
    pool: Pool
    engine: ListeningEngine
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def state(self, expert: str) -> str:
        """The state of an expert in the pool."""
        return self.pool.state_of(expert)

    def told(self, expert: str) -> dict[str, Any]:
        """One expert in the status; empty if it was never asked for."""
        return next((each for each in self.completer.status()["experts"] if each["id"] == expert), {})

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for a change of states that makes `true` true."""
        while not true():
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), 20)
            except TimeoutError:
                raise AssertionError(str(self.pool.states())) from None

    async def hot(self, *experts: str) -> None:
        """Bring experts in, and wait until nothing moves."""
        for expert in experts:
            task = self.pool.preload(expert, "test")
            assert task is None or await asyncio.wait_for(task, 20), self.pool.why_not(expert)
        await asyncio.wait_for(self.pool.settled(), 20)

    async def ask(self, document: tuple[str, str], marked: str, version: int = 1) -> Suggestion | Silence:
        """One answer, whatever it is."""
        return await ask(self.completer, document, marked, version)

    async def answered(self, document: tuple[str, str], marked: str, version: int = 1) -> Suggestion | Silence:
        """The answer once loading is over."""
        return await answered(self.completer, document, marked, version)

    def warmed(self) -> int:
        """How many warm-ups were asked for."""
        return sum(request.stop.max_tokens == 0 for request in self.engine.asked)


@asynccontextmanager
async def open_stand(
    *installed: str,
    faults: tuple[str, ...] = (),
    settings: Settings | None = None,
    budget_bytes: int = 10_000 * MB,
    switches: Switches | None = None,
    saving: Callable[[], str] = lambda: "full",
    unpark_guard_s: float = 20.0,
    sparing: bool = False,
    clock: Callable[[], float] = time.monotonic,
    far: Far | None = None,
    more: Sequence[Entry] = (),
) -> AsyncIterator[Stand]:
    """A completer for `installed` experts of 500 MB each; `faults` are the fake engine's arguments, `more` entries of
    the registry.

    It asks everywhere and at once, unless it shall be `sparing` as the settings say.
    """
    settings = settings or Settings()
    settings = settings if sparing else eager(settings)
    install(*installed)
    paths = default_paths()
    store, catalogue = Store(paths.store), load_catalogue(paths)
    catalogue = replace(catalogue, entries={**{entry.id: entry for entry in more}, **catalogue.entries})
    sizes = [f"size:{expert}={SIZE}" for expert in installed]
    engine = ListeningEngine(
        engine_spawner(paths, fake_command(*sizes, *faults)), ExtraBuftsMemory.of(paths), lambda message: None
    )
    engine.asked, engine.calls = [], []
    news = asyncio.Event()

    def locate(expert: str) -> Model:
        pinned = catalogue.get(expert).interpreter
        return Model(store.find(expert).path, SIZE, control_texts=control_texts(), pinned=pinned)

    def hashes() -> Mapping[str, str]:
        return {expert: model.sha256 for expert, model in store.installed().items()}

    pool = Pool(engine, budget_bytes=budget_bytes, locate=locate, clock=time.monotonic, on_change=news.set)
    completer = Completer(
        catalogue=catalogue,
        installed=hashes,
        pool=pool,
        engine=engine,
        settings=settings,
        switches=switches,
        saving=saving,
        unpark_guard_s=unpark_guard_s,
        clock=clock,
        far=far,
    )
    try:
        yield Stand(completer, pool, engine, news)
    finally:
        for close in (completer.close, pool.close, engine.close):
            await asyncio.wait_for(close(), 20)


def eager(settings: Settings) -> Settings:
    """`settings` without what spares the user: a toy may say anything anywhere, at once."""
    return replace(settings, trigger="always", debounce="off", confidence=0.0, check_syntax=False)


def says(texts: Mapping[str, str]) -> str:
    """The value of LSP_EXPERTS_FAKE_TEXT for these."""
    return json.dumps(texts)
