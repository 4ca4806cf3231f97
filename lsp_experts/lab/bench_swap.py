"""`lsp-experts bench swap`: what a switch of experts costs, and what a server without a pool pays for it.

Every time is a wall time on the server's side of the pipe, and every ratio comes from one run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_experts.errors import UsageError
from lsp_experts.lab.bench_swap_abort import measure_aborts
from lsp_experts.lab.bench_swap_budget import measure_sizes, measure_swaps
from lsp_experts.lab.bench_swap_moves import Subject, measure_adapters, measure_moves
from lsp_experts.lab.bench_swap_typing import measure_typing
from lsp_experts.lab.open_engine import installed_model
from lsp_experts.lab.typed_file import typed_file
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.expert_files import install_command
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain, default_expert

LANGUAGES = ("go", "html")  # of the files that somebody switches between
AT_ONCE = 3  # experts that take turns under the tight budget


@dataclass(frozen=True)
class SwapBench:
    """Who takes part: the first of `experts` moves, the first three swap, `pages` are typed in, one gets adapters."""

    experts: tuple[Subject, ...]
    pages: tuple[Subject, ...]
    adapter_base: Subject


@dataclass(frozen=True)
class Verdict:
    """A target, what was measured, and whether that is enough."""

    target: str
    measured: str
    met: bool


def choose(paths: Paths, experts: Sequence[str]) -> SwapBench:
    """Those named, or the experts of Go and HTML, a base and an interpreter.

    UsageError says what to pull or carve where there are too few. UnknownExpert, NotInstalled, ModelRejected.
    """
    catalogue, store = load_catalogue(paths), Store(paths.store)
    installed = store.installed().keys()
    pages = [_own_expert(catalogue, language, installed) for language in LANGUAGES]
    general = [entry for entry in catalogue.entries.values() if "*" in entry.languages and entry.id in installed]
    base = [entry.id for entry in general if not entry.interpreter][:1]
    interpreter = [entry.id for entry in general if entry.interpreter][:1]
    names = list(dict.fromkeys(experts)) or [name for name in (*pages, *base, *interpreter) if name]
    if len(names) < AT_ONCE or len({name for name in pages if name}) < len(LANGUAGES):
        wanted = [default_expert(catalogue, language) for language in (*LANGUAGES, "*")]
        commands = [install_command(catalogue.get(name)) for name in wanted if name and name not in installed]
        raise UsageError(
            f"{AT_ONCE} installed experts are needed, {' and '.join(LANGUAGES)} with one of their own each.",
            remedy=f"Run {', then '.join(reversed(commands))}." if commands else "Name more of them.",
        )

    def subject(name: str) -> Subject:
        entry = catalogue.get(name)
        return Subject(name, installed_model(catalogue, store, name), entry.fim, typed_file(entry))

    chosen = tuple(subject(name) for name in names)
    models = [each for each in (*map(subject, interpreter), *chosen) if each.model.adapter is None]
    if not models:
        raise UsageError("An adapter needs a model under it.", remedy="Name a model too.")
    return SwapBench(chosen, tuple(subject(name) for name in pages if name), models[0])


def _own_expert(catalogue: Catalogue, language: str, installed: Collection[str]) -> str | None:
    candidates = chain(catalogue, language, installed).candidates
    return next((each.expert for each in candidates if each.reason == "expert"), None)


async def bench_swap(
    bench: SwapBench, paths: Paths, *, rounds: int, swaps: int, on_step: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """All figures as one object. `on_step` is told (what, done, all). EngineError, ExpertsError."""

    def tell(what: str, of: int) -> Callable[[int], None]:
        on_step(what, 0, of)
        return lambda done: on_step(what, done, of)

    first, trio, base = bench.experts[0], bench.experts[:AT_ONCE], bench.adapter_base
    moves = await measure_moves(paths, first, rounds, tell(f"moves of {first.name}", rounds))
    aborts = await measure_aborts(paths, first, rounds, tell(f"aborts on {first.name}", rounds))
    with tempfile.TemporaryDirectory(prefix="lsp-experts-") as folder:
        adapters = await measure_adapters(
            paths, base, Path(folder), rounds, tell(f"two adapters over {base.name}", rounds)
        )
    both = {each.name: each for each in (*trio, *bench.pages)}
    sizes = await measure_sizes(paths, tuple(both.values()))
    swapped = await measure_swaps(paths, trio, sizes, swaps, tell("swaps", swaps))
    page_budget_bytes = sizes.tight_budget_bytes([page.name for page in bench.pages])
    typing = await measure_typing(bench.pages, page_budget_bytes, rounds, tell("typing and switching", rounds))
    times = moves.medians
    return {
        "rounds": rounds,
        **times,
        "abort_ms": aborts.median_ms,
        "worst_abort_ms": aborts.worst_ms,
        "adapter_switch_ms": adapters.switch_ms,
        "preloaded_switch_first_suggestion_ms": typing.switch_ms,
        "same_language_first_suggestion_ms": typing.same_ms,
        "switch_ratio_at_the_same_place": typing.ratio,
        "focus_to_hot_ms": typing.ready_ms,
        "places_typed": typing.places,
        "swaps": swaps,
        "swap_ms": swapped.swap_ms,
        "swaps_by": dict(swapped.moves),
        "budget_bytes": swapped.budget_bytes,
        "samples": swapped.samples,
        "budget_overshoot_pct": swapped.overshoot_pct,
        "growth_mb_per_50_swaps": swapped.growth_mb_per_50_swaps,
        "leaked_descriptors": swapped.leaked_descriptors,
        "zombies": swapped.zombies,
        "prompt_tokens": moves.prompt_tokens,
        "tokens_after_unpark": moves.tokens_after_unpark,
        "tokens_after_cached_return": moves.tokens_after_cached_return,
        "cold_cached_fraction": round(moves.cold_cached_fraction, 3),
        "tokens_decoded_again_on_return": max(swapped.tokens_decoded_again, typing.tokens_after_switch),
        "unpark_speedup": round(
            (times["page_cache_load_ms"] + times["prefill_ms"])
            / (times["unpark_ms"] + times["first_token_after_unpark_ms"]),
            2,
        ),
        "adapter_base": base.name,
        "base_bytes": adapters.base_bytes,
        "two_adapters_bytes": adapters.two_adapters_bytes,
        "experts": {
            name: {"hot_bytes": figures.resident_bytes, "parked_bytes": figures.parked_bytes}
            for name, figures in sizes.experts.items()
        },
    }


def verdicts(result: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """The targets of this bench, each with what was measured."""
    same, switch = result["same_language_first_suggestion_ms"], result["preloaded_switch_first_suggestion_ms"]
    ratio = switch / same if same else float("inf")
    ratios = f"{ratio:.2f} x (place by place {result['switch_ratio_at_the_same_place']:.2f} x)"
    speedup, over = result["unpark_speedup"], result["budget_overshoot_pct"]
    growth, again = result["growth_mb_per_50_swaps"], result["tokens_decoded_again_on_return"]
    leaked = result["leaked_descriptors"] + result["zombies"]
    return (
        Verdict("unpark + first token at least 8 x faster than load + prefill", f"{speedup:.1f} x", speedup >= 8),
        Verdict("first suggestion after a switch at most 1.25 x one without", ratios, ratio <= 1.25),
        Verdict(
            "a busy expert gives way within 50 ms",
            f"{result['abort_ms']:.0f} ms, at worst {result['worst_abort_ms']:.0f} ms",
            result["abort_ms"] <= 50,
        ),
        Verdict("memory at most 5 % over the budget in every sample", f"{over:+.1f} %", over <= 5),
        Verdict("growth below 1 MB per 50 swaps", f"{growth:.2f} MB", growth < 1),
        Verdict("no descriptor and no process left", f"{leaked}", leaked <= 0),
        Verdict("at most 32 tokens decoded again on return", f"{again}", again <= 32),
    )
