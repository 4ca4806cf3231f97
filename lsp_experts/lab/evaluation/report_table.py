"""The figures of an evaluation's report as cells of a table, the same in a terminal and on a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADINGS = (
    "expert", "exact", "right chars", "similarity", "bits/byte", "first ms", "all ms", "tokens", "file", "memory",
)  # fmt: skip
COMPARISON_HEADINGS = ("expert", "exact, points", "right chars", "bits/byte", "time", "file", "memory")


def figure_cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """One expert's row below HEADINGS."""
    return (
        name,
        plus_minus(row["exact"], 1, 100) + " %",
        plus_minus(row["accepted_chars"], 1),
        plus_minus(row["similarity"], 2),
        plus_minus(row["bits_per_byte"], 3),
        plus_minus(row["first_ms"], 0),
        plus_minus(row["total_ms"], 0),
        plus_minus(row["tokens"], 0),
        megabytes(row["file_bytes"]),
        megabytes(row["resident_bytes"]),
    )


def comparison_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """One comparison's row below COMPARISON_HEADINGS: differences, and shares of the other's."""
    return (
        row["expert"],
        plus_minus(row["exact_points"], 1, sign="+"),
        plus_minus(row["accepted_chars"], 1, sign="+"),
        plus_minus(row["bits_per_byte"], 3, sign="+"),
        plus_minus(row["latency_ratio"], 2) + " ×",
        f"{100 * row['bytes_share']:.0f} %",
        f"{100 * row['memory_share']:.0f} %",
    )


def megabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e6:,.2f} MB"


def plus_minus(interval: Mapping[str, float], decimals: int, scale: float = 1.0, sign: str = "") -> str:
    """ "41.2 ± 3.0": the half of an interval that need not lie evenly about its value."""
    half = scale * (interval["high"] - interval["low"]) / 2
    value = round(scale * interval["value"], decimals) + 0.0  # 0.0: not -0
    return f"{value:{sign},.{decimals}f} ± {half:,.{decimals}f}"
