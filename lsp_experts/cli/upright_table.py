"""A table that stands upright: a column for each expert, so that many figures fit a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table


def upright_table(headings: Sequence[str], columns: Sequence[Sequence[str]], title: str | None = None) -> Table:
    """`columns`: the cells of each expert, the first of them its name; `headings` say what the cells are."""
    corner, *figures = headings
    table = Table(corner, title=title, box=None)
    for name, *_ in columns:
        table.add_column(name, justify="right")
    for heading, *cells in zip(figures, *(column[1:] for column in columns), strict=True):
        table.add_row(heading, *cells)
    return table
