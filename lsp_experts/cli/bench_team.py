"""`lsp-experts bench team`: what a team costs a server with our prompts and with usual ones, and how many it serves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.given import check_amount, names, numbers
from lsp_experts.cli.progress import step_bar
from lsp_experts.cli.row_table import row_table
from lsp_experts.cli.upright_table import upright_table
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

if TYPE_CHECKING:
    from lsp_experts.lab.bench_team import TeamResult
    from lsp_experts.lab.team.rates import Gpu


def run(
    *,
    users: int,
    model: str,
    minutes: float,
    cadence: float,
    fleets: str,
    gpu: str,
    prompt_rate: float,
    decode_rate: str,
    kept_tokens: int,
    seed: int,
    as_json: bool,
) -> int:
    """Run the bench and print it; 0 if all targets are met, else 1."""
    from lsp_experts.lab.bench_team import TeamBench, bench_team
    from lsp_experts.lab.team.measured import TeamRun
    from lsp_experts.lab.which_model import which_model

    check_amount(users, minutes)
    if not 1 <= cadence <= 10_000:
        raise UsageError(f"--cadence {cadence:g} cannot be typed.", remedy="Give 1 to 10000 milliseconds.")
    chosen = _gpu(gpu, prompt_rate, decode_rate, kept_tokens)
    file, fim = which_model(model, default_paths())
    team = TeamRun(file, fim, users, minutes * 60 / 2, cadence_ms=cadence, seed=seed)
    with step_bar("begins") as on_step:
        result = asyncio.run(bench_team(TeamBench(team, chosen, numbers(fleets)), on_step))
    if as_json:
        print(json.dumps(asdict(result)))
    else:
        _print(result, chosen)
    return 0 if all(row.ok for row in result.rows) else 1


def _gpu(name: str, prompt_rate: float, decode_rate: str, kept_tokens: int) -> Gpu:
    """A known GPU, or one of the given rates. UsageError."""
    from lsp_experts.lab.team.rates import GPUS, Gpu, engine_rates

    if name not in GPUS:
        raise UsageError(f"There is no GPU {name!r:.40} in the table.", remedy=f"There are {', '.join(GPUS)}.")
    if not prompt_rate and not decode_rate:
        return GPUS[name]
    try:
        few, many = (part.split("@") for part in names(decode_rate))
        rates = engine_rates(prompt_rate, (int(few[1]), float(few[0])), (int(many[1]), float(many[0])))
    except (ValueError, IndexError):
        raise UsageError(
            f"--prompt-rate {prompt_rate:g} --decode-rate {decode_rate!r:.60} are no rates.",
            remedy="Both are needed, such as --prompt-rate 10000 --decode-rate 130@1,3400@32.",
        ) from None
    return Gpu("given rates", "", rates, kept_tokens, "--prompt-rate, --decode-rate")


def _print(result: TeamResult, gpu: Gpu) -> None:
    console = Console(highlight=False)
    columns = [[_cell(value) for value in figures.values()] for figures in result.measured]
    headings = [name.replace("_", " ") for name in result.measured[0]]
    console.print(upright_table(headings, columns, "one llama.cpp server on this machine"))
    console.print(_gpus(result.gpus))
    for known in result.gpus:
        console.print(f"{known['gpu']}, {known['model']}: {known['source']}", style="dim")
    if result.fleets:
        console.print(_fleets(result.fleets, gpu))
    console.print(row_table(result.rows, "what"))


def _gpus(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="users of one GPU, with 95 % of answers within 300 ms (simulated)", box=None)
    table.add_column("GPU")
    for heading in ("anchored", "p95 ms", "busy share", "usual", "p95 ms", "busy share"):
        table.add_column(heading, justify="right")
    for row in rows:
        styles = (row["anchored"], row["usual"])
        cells = [_cell(style[name]) for style in styles for name in ("users", "p95_ms", "busy_share")]
        table.add_row(row["gpu"].partition(",")[0], *cells)
    return table


def _fleets(rows: Sequence[Mapping[str, Any]], gpu: Gpu) -> Table:
    table = Table(title=f"fleets of {gpu.name} (simulated)", box=None)
    for heading in rows[0]:
        table.add_column(heading.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    return table


def _cell(value: object) -> str:
    return "never" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
