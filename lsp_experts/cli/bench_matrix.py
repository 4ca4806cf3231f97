"""`lsp-experts bench matrix`: experts of one size, each cut for one language, tested on all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.page import check_page, write_page
from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths


def run(
    *,
    corpora: Path,
    languages: Sequence[str],
    base: str,
    tokens: int,
    stretches: int,
    places: int,
    minutes: float,
    seed: int,
    fresh: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Run the bench and print it; 0."""
    from lsp_experts.lab.bench_matrix import MatrixBench, bench_matrix
    from lsp_experts.lab.matrix.tables import html as html_of
    from lsp_experts.lab.which_model import which_model

    if min(tokens, stretches) < 1 or places < 0 or not minutes > 0:
        raise UsageError(
            "There is nothing to measure.", remedy="Give at least one token, one stretch and more than 0 minutes."
        )
    check_page(html)
    paths = default_paths()
    model, fim = which_model(base, paths)
    chosen = tuple(languages) or _languages_of(corpora)
    bench = MatrixBench(corpora, chosen, model, fim, tokens, stretches, places, minutes, seed, fresh)
    with step_bar("begins") as on_step:
        result = asyncio.run(bench_matrix(bench, paths, on_step))
    if html is not None:
        write_page(html, html_of(result))
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _languages_of(corpora: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(path.name for path in (corpora / "held-out").iterdir() if path.is_dir()))
    except OSError:
        raise UsageError(
            f"{corpora} holds no corpora.", remedy=f"`python -m lsp_experts.lab.corpora {corpora}` makes some."
        ) from None


def _print(result: Mapping[str, Any]) -> None:
    from lsp_experts.lab.matrix.tables import tables

    console = Console(highlight=False)
    for each in tables(result):
        table = Table(title=each.title)
        for number, heading in enumerate(each.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in each.rows:
            table.add_row(*row)
        console.print(table)
    console.print(f"{result['done']} of {result['drawn']} lines were read by all; ± is half of a 95 % interval.")
    console.print(result["sentence"], soft_wrap=True)
