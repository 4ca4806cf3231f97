"""What `lsp-experts stats` shows: a table, and bars for how acceptance goes by day and by probability. 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_BAR_CHARS = 24
_MOST_DAYS = 14
_EIGHTHS = " ▏▎▍▌▋▊▉"
_RATES = (
    ("acc\n%", "accepted"),
    ("part\n%", "partly"),
    ("typed\n%", "typed"),
    ("30 s\n%", "kept_30"),
    ("300 s\n%", "kept_300"),
)


def stats_view(figures: dict[str, Any], *, blocks: bool) -> RenderableType:
    """The figures of stats_figures.py; `blocks`: the output can show block characters."""
    days = figures["days"][-_MOST_DAYS:]
    return Group(
        _table([*figures["rows"], *_total(figures)]),
        Text(
            "of what was shown: accepted, partly accepted, typed to its end; of what was\n"
            "accepted: still in the code after 30 s and 300 s; ms: median until it came",
            style="dim",
        ),
        Text(),
        Text("accepted, whole or in part, by day", style="bold"),
        *_bars([(each["day"], each) for each in days], blocks=blocks),
        Text(),
        Text("and by the model's own probability", style="bold"),
        *_bars([(f"{each['from']:.1f} to {each['to']:.1f}", each) for each in figures["probability"]], blocks=blocks),
    )


def bar(share: float, chars: int, *, blocks: bool) -> str:
    """`share` (0 to 1) of `chars` characters, filled from the left."""
    if not blocks:
        return "#" * round(share * chars)
    eighths = round(share * chars * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _total(figures: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"language": "all", "expert": "", **figures["total"]}] if len(figures["rows"]) > 1 else []


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("language", overflow="fold")
    table.add_column("expert", overflow="fold")
    for title in ("shown", *(title for title, _ in _RATES), "chars\nsaved", "ms"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row["language"]),
            Text(row["expert"]),
            f"{row['shown']:,}",
            *(_percent(row[field]) for _, field in _RATES),
            f"{row['chars_saved']:,}",
            f"{row['median_ms']:,.0f}",
        )
    return table


def _bars(named: Sequence[tuple[str, dict[str, Any]]], *, blocks: bool) -> Iterator[Text]:
    for name, each in named:
        share = each["accepted"]
        filled = bar(share or 0.0, _BAR_CHARS, blocks=blocks)
        said = f"{share:4.0%} of {each['shown']:,}" if share is not None else "-"
        yield Text.assemble(f"{name:<11}", (f"{filled:<{_BAR_CHARS}}", "green"), f" {said}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f}"
