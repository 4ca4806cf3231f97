"""`lsp-experts bench carve`: a base made smaller in several ways, on held-out code, beside plain quantisation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.disk import disk_error, replace_private


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
    from lsp_experts.lab.carve_models import Recipe
    from lsp_experts.lab.carve_report import html as html_of
    from lsp_experts.lab.carving import keepset
    from lsp_experts.lab.which_model import which_model

    for folder in (data, *corpus):
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder.", remedy="--data and --corpus take folders with code.")
    if limit < 1 or stretches < 0 or (minutes is not None and minutes <= 0):
        raise UsageError("There is nothing to measure.", remedy="Give at least one case, and more than 0 minutes.")
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise UsageError(f"{html} cannot be written: there is no such folder.", remedy="Name another file.")
    paths = default_paths()
    model, fim = which_model(base, paths)
    keep_set = keepset.load(language) if language in keepset.shipped() else None
    types = tuple(part.strip() for part in quants.split(",") if part.strip())
    recipe = Recipe(language, model, fim, keep_set, corpus, _numbers(tokens), types, _numbers(ffn_blocks))
    bench = CarveBench(recipe, data, limit, stretches, minutes, seed, fresh)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("begins", total=None)

        def on_step(what: str, done: int, of: int) -> None:
            progress.update(bar, description=what, completed=done, total=of)

        result = asyncio.run(bench_carve(bench, paths, on_step))
    if html is not None:
        try:
            replace_private(html, html_of(result))
        except OSError as error:
            raise disk_error(error, html.parent) from error
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _numbers(separated: str) -> tuple[int, ...]:
    """Numbers between commas. UsageError for anything else."""
    parts = [part.strip() for part in separated.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise UsageError(f"{separated!r} is no list of numbers.", remedy="Such as 8000,16000.")
    return tuple(map(int, parts))


def _print(result: Mapping[str, Any]) -> None:
    from lsp_experts.lab.carve_report import HEADINGS, cells

    console = Console(highlight=False)
    heading, *figures = HEADINGS
    for some in (result["rows"][start : start + 5] for start in range(0, len(result["rows"]), 5)):
        columns = [cells(row, result["rows"][0]["file_bytes"]) for row in some]
        table = Table(heading, box=None)
        for name, *_ in columns:
            table.add_column(name, justify="right")
        for figure, *values in zip(figures, *(column[1:] for column in columns), strict=True):
            table.add_row(figure, *values)
        console.print(table)
    console.print(f"{result['done']} of {result['drawn']} cases of {result['language']}; ± is half of a 95 % interval")
    for sentence in result["sentences"]:
        console.print(escape(sentence + "."), soft_wrap=True)
