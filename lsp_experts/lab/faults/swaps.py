"""The drill of swaps: three experts that do not fit together take turns, and nothing grows or is left behind."""

from __future__ import annotations

import shutil

from lsp_experts.completion.templates import control_texts
from lsp_experts.engine.cores import physical_cores
from lsp_experts.lab.bench_swap import AT_ONCE
from lsp_experts.lab.bench_swap_budget import SwapFigures, measure_sizes, measure_swaps
from lsp_experts.lab.bench_swap_moves import Subject
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.lab.typed_file import TypedFile, shipped_replays
from lsp_experts.pool.model import Model

_SWAPS = 200
_N_FF = 1 << 12
_MOST_OVER_PCT = 5.0
_MOST_GROWTH_MB = 1.0  # per 50 swaps


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """W11."""
    swaps = max(2 * AT_ONCE, stand.times(_SWAPS))
    on_step("swaps", 0, swaps)
    subjects = [_subject(stand, number) for number in range(AT_ONCE)]
    sizes = await measure_sizes(stand.paths, subjects)
    figures = await measure_swaps(stand.paths, subjects, sizes, swaps, lambda done: on_step("swaps", done, swaps))
    return (_row(swaps, figures),)


def _subject(stand: Stand, number: int) -> Subject:
    path = stand.home / f"expert-{number}.gguf"
    if stand.model is None:
        write_tiny_gguf(path, seed=stand.seed + number, n_ff=_N_FF)
    else:
        shutil.copyfile(stand.model, path)  # a file of its own: the engine shares the weights of one file
    model = Model(path, path.stat().st_size, n_ctx=512, control_texts=control_texts(), n_threads=physical_cores())
    return Subject(f"expert-{number}", model, "auto", TypedFile(shipped_replays()[number]))


def _row(swaps: int, figures: SwapFigures) -> Row:
    over_pct, growth_mb = figures.overshoot_pct, figures.growth_mb_per_50_swaps
    left = figures.leaked_descriptors, figures.zombies
    ok = over_pct <= _MOST_OVER_PCT and growth_mb < _MOST_GROWTH_MB and left == (0, 0)
    measured = (
        f"{over_pct:+.1f} % of {figures.budget_bytes / 1e6:.0f} MB in the highest of {figures.samples} samples;"
        f" {growth_mb:+.2f} MB per 50 swaps; {left[0]} descriptors and {left[1]} zombies left"
    )
    target = f"<= +{_MOST_OVER_PCT:.0f} % in every sample; < {_MOST_GROWTH_MB:.0f} MB per 50 swaps; 0 and 0 left"
    return Row("W11", f"{swaps} swaps under a budget", target, measured, ok)
