"""The soak: an hour of random work in four languages, whose experts do not fit together, and nothing goes wrong.

`python tests/faults/soak.py --minutes 60` is this drill alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from statistics import median

from lsp_experts.lab.faults.real_server import install, serving
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.soak_plan import STARTS, steps
from lsp_experts.lab.faults.soak_user import Seen, SoakUser
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_STEPS, _SWAPS, _KILLS, _CHANGES = 3_600, 60, 12, 120  # in an hour
_STEP_S = 1.0
_MOST_GROWTH_PCT = 5.0
_N_FF = 1 << 12  # experts of some MB, so that a budget tells one from two


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """The soak of the list."""
    files = {
        name: write_tiny_gguf(stand.home / f"{name}.gguf", seed=stand.seed + number, n_ctx=2048, n_ff=_N_FF)
        for number, name in enumerate(STARTS)
    }
    install(stand.paths, files)
    count = stand.times(_STEPS)
    plan = steps(stand.seed, count, swaps=stand.times(_SWAPS), kills=stand.times(_KILLS), changes=stand.times(_CHANGES))
    async with serving(stand.home) as client:
        user = SoakUser(client, stand.home / "workspace", random.Random(stand.seed))
        await user.begin()
        for number, step in enumerate(plan):
            on_step("soak", number, count)
            due = asyncio.create_task(asyncio.sleep(_STEP_S))  # people do not type faster
            await user.work(step)
            await due
        languages = await user.finish()
    return _rows(count, user.seen, languages, stand.times(_KILLS))


def growth_pct(samples: Sequence[int]) -> float:
    """The median of the last fifth of the samples against that of the first fifth."""
    fifth = max(1, len(samples) // 5)
    return (median(samples[-fifth:]) / median(samples[:fifth]) - 1) * 100


def peak_growth_pct(samples: Sequence[int]) -> float:
    """The highest of the second half against that of the first: what is loaded changes from sample to sample."""
    half = len(samples) // 2
    return (max(samples[half:]) / max(samples[: half or 1]) - 1) * 100


def _rows(count: int, seen: Seen, languages: int, kills: int) -> tuple[Row, ...]:
    work = (
        f"{count} steps, {seen.changes} changes of language ({seen.swaps} to experts not in memory), {seen.kills} kills"
    )
    first = f" (first: {seen.errors[0][:80]})" if seen.errors else ""
    answered, every = f"{seen.answered}/{seen.asked}, {seen.shown} with a suggestion", f"{seen.asked}/{seen.asked}"
    worked = seen.shown > 0 and seen.swaps >= seen.changes // 2 and seen.kills == kills
    server, both = growth_pct(seen.server_bytes), peak_growth_pct(seen.both_bytes)
    all_of_them, least = f"{len(STARTS)}/{len(STARTS)}", f"< {_MOST_GROWTH_PCT:.0f} %"
    return (
        Row("soak", f"requests answered, {work}", every, answered, worked and seen.answered == seen.asked),
        Row("soak", "errors the client saw", "0", f"{len(seen.errors)}{first}", not seen.errors),
        Row("soak", "languages that complete at the end", all_of_them, f"{languages}/{len(STARTS)}",
            languages == len(STARTS)),
        Row("soak", "growth of the server's memory", least,
            f"{server:+.1f} % of {median(seen.server_bytes) / 1e6:.0f} MB", server < _MOST_GROWTH_PCT),
        Row("soak", "growth of the highest memory with the engine", least,
            f"{both:+.1f} % of {max(seen.both_bytes) / 1e6:.0f} MB", both < _MOST_GROWTH_PCT),
    )  # fmt: skip
