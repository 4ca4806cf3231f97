"""`lsp-experts bench carve`: a base made smaller in several ways, on held-out code, beside plain quantisation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from lsp_experts.cli.given import check_amount, names, numbers
from lsp_experts.cli.page import check_page, write_page
from lsp_experts.cli.progress import step_bar
from lsp_experts.cli.upright_table import upright_table
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths


def run(
    *,
    language: str,
    data: Path,
    corpus: Sequence[Path],
    base: str,
    tokens: str,
    quants: str,
    ffn_blocks: str,
    limit: int,
    stretches: int,
    minutes: float | None,
    seed: int,
    fresh: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Run the bench and print it; 0."""
    from lsp_experts.lab.bench_carve import CarveBench, bench_carve
    from lsp_experts.lab.carving import keepset
    from lsp_experts.lab.carving.carve_models import Recipe
    from lsp_experts.lab.carving.carve_report import html as html_of
    from lsp_experts.lab.which_model import which_model

    for folder in (data, *corpus):
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder.", remedy="--data and --corpus take folders with code.")
    check_amount(limit, minutes)
    if stretches < 0:
        raise UsageError(f"--stretches {stretches} cannot be read.", remedy="Give a number from 1, or 0 for none.")
    check_page(html)
    paths = default_paths()
    model, fim = which_model(base, paths)
    keep_set = keepset.load(language) if language in keepset.shipped() else None
    recipe = Recipe(language, model, fim, keep_set, corpus, numbers(tokens), names(quants), numbers(ffn_blocks))
    bench = CarveBench(recipe, data, limit, stretches, minutes, seed, fresh)
    with step_bar("begins") as on_step:
        result = asyncio.run(bench_carve(bench, paths, on_step))
    if html is not None:
        write_page(html, html_of(result))
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _print(result: Mapping[str, Any]) -> None:
    from lsp_experts.lab.carving.carve_report import HEADINGS, cells

    console = Console(highlight=False)
    for some in (result["rows"][start : start + 5] for start in range(0, len(result["rows"]), 5)):
        columns = [cells(row, result["rows"][0]["file_bytes"]) for row in some]
        console.print(upright_table(HEADINGS, columns))
    console.print(f"{result['done']} of {result['drawn']} cases of {result['language']}; ± is half of a 95 % interval")
    for sentence in result["sentences"]:
        console.print(escape(sentence + "."), soft_wrap=True)
