"""A real llama.cpp server on loopback and N users at it, with anchored or with usual prompts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lsp_experts.completion.templates import FimTemplate, control_texts
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.remote.engine import RemoteEngine
from lsp_experts.lab.model_template import model_template
from lsp_experts.lab.peer_server import PeerServer, peer_server
from lsp_experts.lab.team.load import Load
from lsp_experts.lab.team.probes import Round, fitted, probe
from lsp_experts.lab.team.rates import EngineRates
from lsp_experts.lab.team.typing import Keystroke, type_document
from lsp_experts.lab.team.users import TypedDocument, styled
from lsp_experts.lab.team.waits import Wait
from lsp_experts.registry.entry import Entry, Remote
from lsp_experts.settings import Settings

_PROBED = 3  # documents: one of each shipped file
_PATIENT_MS = 120_000  # a probe waits; what a keystroke waits at most is the product's setting


@dataclass(frozen=True)
class TeamRun:
    """What is measured with one style of prompts. `fim`: the template's name, "auto" by the model's vocabulary."""

    model: Path
    fim: str = "auto"
    users: int = 4
    seconds: float = 60.0  # of typing at most
    probe_keys: int = 6
    cadence_ms: float = 180.0
    seed: int = 7
    settings: Settings = field(default_factory=Settings)

    @property
    def slots(self) -> int:
        """Answers that the server makes at once."""
        return min(self.users, 16)


@dataclass(frozen=True)
class Measured:
    """`alone`: rounds of one document; `together`: of as many as there are slots. `prompt_tokens`: what the server
    decoded of prompts while the users typed, by its own count.
    """

    style: str
    keystrokes: tuple[Keystroke, ...]
    prompt_tokens: int
    alone: tuple[tuple[Round, ...], ...]
    together: tuple[Round, ...]
    pauses_s: tuple[float, ...]

    @property
    def prompt_tokens_per_key(self) -> float:
        """Of all keystrokes, also those whose request the server never came to."""
        return self.prompt_tokens / max(1, len(self.keystrokes))

    @property
    def waits(self) -> list[Wait]:
        """Of all keystrokes."""
        return [key.wait for key in self.keystrokes]

    def count(self, outcome: str) -> int:
        """Keystrokes with that outcome."""
        return sum(key.outcome == outcome for key in self.keystrokes)

    def load(self, keys_per_place: int) -> Load:
        """What a user asks of a server, in sizes as they were probed."""
        runs = (*self.alone, self.together)
        first = tuple(cost for rounds in runs for cost in rounds[0].costs)
        following = tuple(cost for rounds in runs for one in rounds[1:] for cost in one.costs)
        return Load(self.pauses_s, first, following, keys_per_place)

    def rates(self) -> tuple[EngineRates, float]:
        """How fast the server computes here, and the seconds that a request takes besides."""
        return fitted([one for rounds in (*self.alone, self.together) for one in rounds])


async def measure(run: TeamRun, style: str) -> Measured:
    """Start a server of its own, probe it, then let the users type. ExpertsError if it does not start."""
    settings = styled(run.settings, style)
    template = model_template(run.fim, run.model)
    async with peer_server(run.model, physical_cores(), slots=run.slots) as server:
        entry = _entry(server, run.model.stem, template)
        numbers = iter(range(run.users + _PROBED + run.slots))

        def documents(count: int) -> list[TypedDocument]:
            return [TypedDocument(next(numbers), entry, template, settings) for _ in range(count)]

        async with _engines(entry, run.slots, _PATIENT_MS) as engines:
            alone = [
                tuple(await probe([document], engines[:1], run.probe_keys, time.monotonic, server.quiet))
                for document in documents(_PROBED)
            ]
            together = await probe(documents(run.slots), engines, run.probe_keys, time.monotonic, server.quiet)
        before = await server.prompt_tokens()
        typed = documents(run.users)
        pauses = [document.pauses_s(run.cadence_ms, run.seed + number) for number, document in enumerate(typed)]
        async with _engines(entry, run.users, settings.time_limit_ms) as engines:
            until_s = time.monotonic() + run.seconds
            keystrokes = await asyncio.gather(
                *(
                    type_document(document, engine, gaps, until_s=until_s, clock=time.monotonic, sleep=asyncio.sleep)
                    for document, engine, gaps in zip(typed, engines, pauses, strict=True)
                )
            )
        await server.quiet()
        after = await server.prompt_tokens()
    return Measured(
        style,
        tuple(key for keys in keystrokes for key in keys),
        after - before,
        tuple(alone),
        tuple(together),
        tuple(gap for gaps in pauses for gap in gaps),
    )


def _entry(server: PeerServer, model: str, template: FimTemplate | None) -> Entry:
    return Entry(
        id="team",
        kind="remote",
        languages=("*",),
        licence="",
        note="the server of `bench team`",
        fim=template.name if template else "none",
        remote=Remote(f"{server.address}/v1", model, "llama-server"),
    )


@asynccontextmanager
async def _engines(entry: Entry, count: int, time_limit_ms: int) -> AsyncIterator[list[RemoteEngine]]:
    """One for each user: users share no connection and no health."""
    made = [
        RemoteEngine(entry, controls=control_texts(), time_limit_ms=lambda: time_limit_ms, environment={})
        for _ in range(count)
    ]
    try:
        yield made
    finally:
        for engine in made:
            await engine.close()
