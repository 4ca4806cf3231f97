"""A matrix's report as tables of plain texts, for a terminal and for a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_experts.lab.evaluation.report_html import html_table, page, sentences_list
from lsp_experts.lab.evaluation.report_table import plus_minus


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first of each names it."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(report: Mapping[str, Any]) -> tuple[Table, ...]:
    """Of report.report()'s object: a row for each contestant, a column for each language read."""
    contestants = report["contestants"]
    languages = [name for name in report["differences"] if name in next(iter(contestants.values()))["cells"]]
    sizes = {
        name: f"{name} ({row['n_vocab']:,}; {row['file_bytes'] / 1e6:.1f} MB)" for name, row in contestants.items()
    }

    def grid(title: str, key: str, decimals: int, scale: float = 1.0) -> Table:
        rows = [
            (sizes[name], *(_cell(row["cells"][language][key], decimals, scale) for language in languages))
            for name, row in contestants.items()
        ]
        return Table(title, ("cut for (tokens; file)", *languages), tuple(rows))

    found = [
        grid("bits per byte of held-out text (lower is better)", "bits_per_byte", 3),
        grid("lines that greedy decoding behind the true text gets right, %", "lines_right", 1, 100),
        grid("share of the held-out text's tokens that are kept, %", "kept_share", 2, 100),
        grid("tokens of the held-out text, times those of the base", "inflation", 3),
        _differences(report["differences"]),
    ]
    if report["completed"]:
        found.append(_completed(report["completed"], languages))
    return tuple(found)


def html(report: Mapping[str, Any]) -> str:
    """All of it as one page; nothing in it is fetched."""
    parts = [sentences_list([report["sentence"].removesuffix(".")])]
    for table in tables(report):
        parts += [f"<h2>{table.title}</h2>", html_table(table.headings, table.rows)]
    return page("Experts of one size, across languages", _about(report), parts)


def _about(report: Mapping[str, Any]) -> str:
    return f"{report['done']} of {report['drawn']} lines were read by all contestants of {report['tokens']:,} tokens"


def _differences(differences: Mapping[str, Any]) -> Table:
    headings = (
        "own expert less", "others, bits/byte", "code in general", "uncut base", "lines right, points (code)",
        "lines right, points (base)", "lines", "files", "specialisation",
    )  # fmt: skip
    rows = tuple(
        (
            language,
            *(plus_minus(row[name], 4, sign="+") for name in ("others", "control", "base")),
            *(plus_minus(row[name], 2, sign="+") for name in ("control_points", "base_points")),
            str(row["lines"]),
            str(row["files"]),
            row["verdict"],
        )
        for language, row in differences.items()
    )
    return Table("a language's own expert, line by line beside (95 %)", headings, rows)


def _completed(completed: Mapping[str, Any], languages: Sequence[str]) -> Table:
    rows = tuple(
        (
            name,
            *(
                f"{100 * row[language]['exact']['value']:.1f} of {row[language]['cases']}" if language in row else "-"
                for language in languages
            ),
        )
        for name, row in completed.items()
    )
    return Table("completed by the product's prompts: exact, %", ("cut for", *languages), rows)


def _cell(figure: Any, decimals: int, scale: float) -> str:
    if not isinstance(figure, Mapping):
        return f"{scale * figure:.{decimals}f}"
    return plus_minus(figure, decimals, scale)
