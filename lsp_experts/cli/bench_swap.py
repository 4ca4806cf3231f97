"""`lsp-experts bench swap`: what a switch of experts costs, and whether many of them keep to the budget."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_ROWS = (
    ("load, file not in the page cache", "cold_load_ms"),
    ("load from the page cache", "page_cache_load_ms"),
    ("decode the prompt, first token", "prefill_ms"),
    ("park", "park_ms"),
    ("until a running completion gave way", "abort_ms"),
    ("unpark", "unpark_ms"),
    ("first token after unparking", "first_token_after_unpark_ms"),
    ("load from the page cache with saved KV, first token", "cached_return_ms"),
    ("first token under another adapter of the same base", "adapter_switch_ms"),
    ("what a load-on-demand server pays: free, load, prompt, first token", "plain_server_switch_ms"),
    ("from turning to a file to its expert being HOT", "focus_to_hot_ms"),
    ("first suggestion after a switch", "preloaded_switch_first_suggestion_ms"),
    ("the same without a switch", "same_language_first_suggestion_ms"),
)


def run(*, rounds: int, swaps: int, experts: Sequence[str], as_json: bool) -> int:
    """Measure and print; 0, whatever came out."""
    from lsp_experts.lab.bench_swap import AT_ONCE, bench_swap, choose

    if rounds < 1 or swaps <= AT_ONCE:
        raise UsageError(
            f"--rounds {rounds} --swaps {swaps} leaves nothing to measure.",
            remedy=f"Give at least 1 round and {AT_ONCE + 1} swaps.",
        )
    paths = default_paths()
    chosen = choose(paths, experts)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def on_step(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=of)
            progress.update(bars[what], completed=done)

        result = asyncio.run(bench_swap(chosen, paths, rounds=rounds, swaps=swaps, on_step=on_step))
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _print(result: Mapping[str, Any]) -> None:
    from lsp_experts.lab.bench_swap import verdicts

    names = ", ".join(result["experts"])
    table = Table(title=f"switching experts, medians of {result['rounds']} rounds: {names}")
    table.add_column("step")
    table.add_column("ms", justify="right")
    for label, key in _ROWS:
        table.add_row(label, f"{result[key]:,.1f}")
    console = Console(highlight=False)
    console.print(table)
    by = ", ".join(f"{count} {way}" for way, count in result["swaps_by"].items())
    console.print(
        f"{result['swaps']} swaps under {result['budget_bytes'] / 1e6:,.0f} MB ({by}), {result['samples']} samples; "
        f"two adapters over {result['adapter_base']}: {result['two_adapters_bytes'] / 1e6:,.0f} MB, "
        f"the base alone {result['base_bytes'] / 1e6:,.0f} MB"
    )
    for verdict in verdicts(result):
        mark = Text("met   ", "green") if verdict.met else Text("missed", "red")
        console.print(mark, f"{verdict.target}: {verdict.measured}")
