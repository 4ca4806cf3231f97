"""The table of figures with targets, as the benches that promise something print it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from lsp_experts.lab.faults.row import Row


def row_table(rows: Sequence[Row], id_heading: str) -> Table:
    """A line for each row: met or missed, its id under `id_heading`, figure, target, measured."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", id_heading, "figure", "target", "measured"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        mark = Text("met", "green") if row.ok else Text("missed", "red")
        table.add_row(mark, *(Text(cell) for cell in (row.id, row.figure, row.target, row.measured)))
    return table
