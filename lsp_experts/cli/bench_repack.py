"""`lsp-experts bench repack`: whether repacked weights pay for an expert on this CPU; the server obeys the verdict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_WORDS = {
    "pays": "It pays: from now on this model is loaded with repacked weights where it is the interpreter.",
    "does not pay": "It does not pay: the model is loaded as it is.",
    "does not fit": "It is faster, but too large for half of the available memory: the model is loaded as it is.",
    "nothing to repack": "This build repacks none of its weights on this CPU: the model is loaded as it is.",
    "crashes": "llama.cpp crashes here with extra buffer types: no. The engine was started again without them.",
}


def run(*, expert: str, rounds: int, as_json: bool) -> int:
    """Measure, print and remember the verdict; 0, whatever it is."""
    from lsp_experts.lab.bench_repack import bench_repack, candidate

    if rounds < 1:
        raise UsageError(f"--rounds {rounds} leaves nothing to measure.", remedy="Give a number from 1; 7 is little.")
    paths = default_paths()
    chosen = candidate(paths, expert)
    what = f"{chosen.name}, both ways"
    with step_bar(what) as on_step:
        result = asyncio.run(
            bench_repack(chosen, paths, rounds=rounds, on_round=lambda done: on_step(what, done, rounds))
        )
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _print(result: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    if result["gains"]:
        table = Table(title=f"{result['expert']}, medians of {result['rounds']} pairs")
        for heading in ("weights", "prompt ms/token", "decode ms/token", "MB in memory"):
            table.add_column(heading, justify="left" if heading == "weights" else "right")
        for name in ("plain", "repacked"):
            row = result[name]
            table.add_row(
                name,
                f"{row['prompt_ms_per_token']:.2f}",
                f"{row['decode_ms_per_token']:.2f}",
                f"{row['resident_bytes'] / 1e6:,.0f}",
            )
        console.print(table)
    console.print(_WORDS[result["verdict"]])
