"""`lsp-experts bench repack`: one model with and without extra buffer types, in two engines, measured in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from lsp_experts.completion.templates import choose
from lsp_experts.engine.protocol import LoadReport, Segment, Stop
from lsp_experts.engine.repacking import RepackVerdict, remember_repacking
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import UsageError
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.lab.typed_file import TypedFile, typed_file
from lsp_experts.paths import Paths
from lsp_experts.pool.budget import default_budget_bytes
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.expert_files import expert_files, install_command
from lsp_experts.registry.store import Store

LEAST_GAIN = 1.10  # in decoding or in reading a prompt, while the other is not slower by as much
_MAX_TOKENS = 24


@dataclass(frozen=True)
class RepackCandidate:
    """An installed expert, the hash of its model, and how it is asked."""

    name: str
    sha256: str
    fim: str
    file: TypedFile


@dataclass(frozen=True)
class Speed:
    """Milliseconds per token of one answer."""

    prompt: float
    decode: float


def candidate(paths: Paths, expert: str) -> RepackCandidate:
    """`expert`, or the first installed interpreter. UsageError where there is none; UnknownExpert, NotInstalled."""
    catalogue, store = load_catalogue(paths), Store(paths.store)
    if not expert:
        interpreters = [entry for entry in catalogue.entries.values() if entry.interpreter]
        expert = next((entry.id for entry in interpreters if store.recorded(entry.id)), "")
        if not expert:
            how = f"Run {install_command(interpreters[0])}, or name an expert." if interpreters else "Name an expert."
            raise UsageError("No interpreter is installed.", remedy=how)
    entry = catalogue.get(expert)
    return RepackCandidate(expert, expert_files(catalogue, store, expert).model.sha256, entry.fim, typed_file(entry))


async def bench_repack(
    chosen: RepackCandidate,
    paths: Paths,
    *,
    rounds: int,
    on_round: Callable[[int], None],
    command: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Medians per token both ways, bytes, and the verdict, which is remembered. `command`: another engine. EngineError.

    A crash with extra buffer types ends only the second engine: its load falls back, and the verdict says so.
    """
    model = installed_model(load_catalogue(paths), Store(paths.store), chosen.name)
    found: RepackVerdict
    pairs: list[tuple[Speed, Speed]] = []
    async with open_engine(paths, command) as plain, open_engine(paths, command) as repacked:
        before = await plain.load(model.load(chosen.name))
        after = await repacked.load(replace(model, use_extra_bufts=True).load(chosen.name))
        if not repacked.loaded[chosen.name].use_extra_bufts:
            found = "crashes"
        elif after.resident_bytes - before.resident_bytes < model.file_bytes // 100:
            found = "nothing to repack"
        else:
            for number in range(rounds + 1):
                if number % 2:
                    pair = (await _ask(plain, chosen, before, number), await _ask(repacked, chosen, after, number))
                else:
                    later = await _ask(repacked, chosen, after, number)
                    pair = (await _ask(plain, chosen, before, number), later)
                pairs += [pair] if number else []  # the first one only warms up
                on_round(number)
            found = verdict(pairs, fits=after.resident_bytes <= default_budget_bytes())
    remember_repacking(paths, chosen.sha256, found)
    return {
        "expert": chosen.name,
        "sha256": chosen.sha256,
        "rounds": len(pairs),
        "verdict": found,
        "gains": {name: round(statistics.median(gains), 3) for name, gains in _gains(pairs).items()},
        "plain": {"resident_bytes": before.resident_bytes, **_medians([one for one, _ in pairs])},
        "repacked": {"resident_bytes": after.resident_bytes, **_medians([other for _, other in pairs])},
    }


def verdict(pairs: Sequence[tuple[Speed, Speed]], *, fits: bool) -> RepackVerdict:
    """It pays if prompts or decoding are LEAST_GAIN faster in the median, in three of four pairs faster at all, and the
    other one is not slower by as much."""
    gains = _gains(pairs)
    faster = any(
        statistics.median(each) >= LEAST_GAIN and sum(gain > 1 for gain in each) * 4 >= len(each) * 3
        for each in gains.values()
    )
    if not faster or any(statistics.median(each) < 1 / LEAST_GAIN for each in gains.values()):
        return "does not pay"
    return "pays" if fits else "does not fit"


def _gains(pairs: Sequence[tuple[Speed, Speed]]) -> dict[str, list[float]]:
    """How many times faster repacked weights were, in each pair."""
    return {
        name: [getattr(plain, name) / getattr(repacked, name) for plain, repacked in pairs]
        for name in (field.name for field in fields(Speed))
        if pairs
    }


def _medians(speeds: Sequence[Speed]) -> dict[str, float]:
    return {
        f"{field.name}_ms_per_token": round(statistics.median(getattr(speed, field.name) for speed in speeds), 3)
        for field in fields(Speed)
        if speeds
    }


async def _ask(engine: Supervisor, chosen: RepackCandidate, report: LoadReport, number: int) -> Speed:
    """A prompt that no earlier one shares its beginning with, and a few tokens."""
    request = chosen.file.request(chosen.name, choose(chosen.fim, report), 0, max_tokens=_MAX_TOKENS)
    segments = (Segment(f"// {number}\n"), *request.segments)
    done = await engine.complete(
        replace(request, segments=segments, stop=Stop(max_tokens=_MAX_TOKENS, max_lines=_MAX_TOKENS))
    ).result()
    decode_ms = (done.total_ms - done.first_token_ms) / max(1, done.decoded_tokens - 1)
    return Speed(done.first_token_ms / max(1, done.prompt_tokens), max(decode_ms, 1e-3))
