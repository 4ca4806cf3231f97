"""`bench carve` as one JSON object and as tables: each carved model beside its base and beside the plain quantisation
nearest in size. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lsp_experts.lab.carving.carve_models import Made
from lsp_experts.lab.carving.cut_entrant import BASE
from lsp_experts.lab.evaluation.figures import compare, figures
from lsp_experts.lab.evaluation.plots import Point, drawn, exactly, legend, scatter
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.evaluation.report_html import html_table, page, sentences_list
from lsp_experts.lab.evaluation.report_table import megabytes, plus_minus
from lsp_experts.lab.evaluation.verdict import LEAST_FILES

HEADINGS = (
    "model", "file", "of base", "tokens", "kept", "length", "exact", "bits/byte", "points to base", "bits to base",
    "plain one", "its file", "points to it", "bits to it",
)  # fmt: skip
_PLAIN = ("base", "plain")


def report(evaluation: Evaluation, made: Sequence[Made], language: str) -> dict[str, Any]:
    """{"language", "drawn", "done", "rows": [{"name", "way", "file_bytes", ... "base", "plain"}], "sentences"}.

    "base" and "plain" hold differences in points of exact match and bits per byte; "plain" is None in plain rows.
    """
    found = {row.contestant.name: row for row in figures(evaluation, language)}
    rows: list[dict[str, Any]] = []
    for each in made:
        name, row = each.entrant.name, found[each.entrant.name]
        rows.append({
            "name": name,
            "way": each.way,
            "file_bytes": each.entrant.file_bytes,
            "resident_bytes": row.contestant.resident_bytes,
            "n_vocab": row.contestant.n_vocab,
            "kept_share": round(each.coverage.kept_share, 4),
            "inflation": round(each.coverage.inflation, 4),
            "exact": row.exact.rounded(),
            "bits_per_byte": row.bits_per_byte.rounded(),
            "base": None if name == BASE else _beside(evaluation, language, name, BASE, found),
            "plain": None if each.way in _PLAIN else _beside(evaluation, language, name, _nearest(each, made), found),
        })  # fmt: skip
    cases = found[BASE].cases
    said = {"language": language, "drawn": evaluation.cases, "done": evaluation.done, "cases": cases, "rows": rows}
    return {**said, "sentences": [_sentence(row) for row in rows if row["plain"]]}


def cells(row: Mapping[str, Any], base_bytes: int) -> tuple[str, ...]:
    """One row below HEADINGS."""
    base, plain = row["base"], row["plain"]
    return (
        row["name"],
        megabytes(row["file_bytes"]),
        f"{row['file_bytes'] / base_bytes:.0%}",
        f"{row['n_vocab']:,}",
        f"{row['kept_share']:.1%}",
        f"{row['inflation']:.3f} ×",
        plus_minus(row["exact"], 1, 100) + " %",
        plus_minus(row["bits_per_byte"], 3),
        plus_minus(base["points"], 1, sign="+") if base else "",
        plus_minus(base["bits"], 3, sign="+") if base else "",
        plain["name"] if plain else "",
        megabytes(plain["file_bytes"]) if plain else "",
        plus_minus(plain["points"], 1, sign="+") if plain else "",
        plus_minus(plain["bits"], 3, sign="+") if plain else "",
    )


def html(result: Mapping[str, Any]) -> str:
    """The page: two plots, the table, the sentences."""
    rows = result["rows"]
    sizes = [exactly(row["file_bytes"] / 1e6) for row in rows]
    points = [
        [Point(row["name"], size, drawn(row[key], scale)) for row, size in zip(rows, sizes, strict=True)]
        for key, scale in (("bits_per_byte", 1.0), ("exact", 100.0))
    ]
    plots = scatter(points[0], "Size against surprise (lower is better)", "size of the file, MB", "bits/byte")
    plots += scatter(points[1], "Size against exact matches", "size of the file, MB", "exact, %")
    table = html_table(HEADINGS, [cells(row, rows[0]["file_bytes"]) for row in rows])
    parts = [f'<div class="plots">{plots}</div>', legend([row["name"] for row in rows]), table]
    parts.append(sentences_list(result["sentences"]))
    return page(f"Carving for {result['language']}", f"{result['cases']} cases; ± is half of a 95 % interval", parts)


def _nearest(made: Made, among: Sequence[Made]) -> str:
    plain = [each for each in among if each.way in _PLAIN]
    return min(plain, key=lambda each: abs(each.entrant.file_bytes - made.entrant.file_bytes)).entrant.name


def _beside(evaluation: Evaluation, language: str, name: str, against: str, found: Mapping[str, Any]) -> dict[str, Any]:
    compared = compare(evaluation, language, name, against)
    return {
        "name": against,
        "file_bytes": found[against].contestant.file_bytes,
        "files": compared.files,
        "points": compared.exact_points.rounded(),
        "bits": compared.bits_per_byte.rounded(),
        "time": compared.latency_ratio.rounded(),
    }


def _sentence(row: Mapping[str, Any]) -> str:
    plain = row["plain"]
    bits = plain["bits"]
    relation = "beats" if bits["high"] < 0 else "loses to" if bits["low"] > 0 else "cannot be told from"
    if plain["files"] < LEAST_FILES:
        relation = "cannot be told from"
    return (
        f"`{row['name']}` ({megabytes(row['file_bytes'])}) {relation} plain `{plain['name']}`"
        f" ({megabytes(plain['file_bytes'])}): {plus_minus(bits, 3, sign='+')} bits per byte,"
        f" {plus_minus(plain['points'], 1, sign='+')} points exact"
    )
