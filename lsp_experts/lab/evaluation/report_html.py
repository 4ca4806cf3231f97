"""An evaluation's report as one HTML file: plots, tables, verdicts; no script, nothing fetched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lsp_experts.lab.evaluation.plots import Point, drawn, exactly, legend, scatter
from lsp_experts.lab.evaluation.report_table import (
    COMPARISON_HEADINGS,
    HEADINGS,
    comparison_cells,
    figure_cells,
)
from lsp_experts.syntax.language_names import language_name

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#6a737d;--line:#d8dee4;--panel:#f6f8fa;
--c0:#0b6bcb;--c1:#c2410c;--c2:#15803d;--c3:#7c3aed;--c4:#b3261e;--c5:#0f766e;--c6:#a16207;--c7:#be185d}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e9ec;--faint:#9aa4ae;--line:#343b42;--panel:#1d2125;
--c0:#6cb2ff;--c1:#ff9d66;--c2:#5fd38a;--c3:#b79cff;--c4:#ff8a80;--c5:#5ad1c3;--c6:#e3b341;--c7:#ff8ac0}}
body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1080px;
padding:24px 16px}
h1{font-size:1.5em;margin:0 0 4px}h2{font-size:1.2em;margin:32px 0 8px}p{margin:6px 0}
.about,.note{color:var(--faint)}code{font:13px ui-monospace,monospace}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:8px 0;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th{color:var(--faint);font-weight:600}th:first-child,td:first-child{text-align:left}
ul{padding-left:20px;margin:8px 0}li{margin:4px 0}
.plots{display:flex;flex-wrap:wrap;gap:12px}.plot{flex:1 1 320px;max-width:520px;background:var(--panel);
border-radius:6px}
.plot text{font:12px system-ui,sans-serif;fill:var(--ink)}.plot .tick{fill:var(--faint)}
.plot .plot-title{font-weight:600}.plot .grid{stroke:var(--line)}
.mark line{stroke:currentColor;stroke-width:1.5}.mark circle{fill:currentColor;stroke:var(--panel)}
.plot .number{fill:var(--paper);font-weight:600}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 18px}
.legend b{display:inline-block;width:18px;height:18px;border-radius:9px;margin-right:6px;color:var(--paper);
font-size:12px;line-height:18px;text-align:center}
"""


def report_page(report: Mapping[str, Any], title: str, about: str) -> str:
    """The page of report.report()'s object. `about`: a line below the title."""
    parts = [_language(language, part) for language, part in report["languages"].items()]
    if report["recommendations"]:
        sentences = [each["sentence"] for each in report["recommendations"]]
        parts.append("<h2>Which expert to start with</h2>" + sentences_list(sentences))
    parts.append(
        '<p class="note">± is half of a 95 per cent interval (paired bootstrap over files). Exact: cases in which just'
        " the held-out text was suggested. Right chars: characters before the first wrong one. Bits/byte: what the"
        " held-out lines cost the model. Times are medians and hold for this machine; tokens are means of a case,"
        " prompt and answer.</p>"
    )
    return page(title, about, parts)


def page(title: str, about: str, parts: Iterable[str]) -> str:
    """A whole HTML file around parts that are HTML already."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
        f'<h1>{escape(title)}</h1><p class="about">{escape(about)}</p>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def html_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain texts."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def sentences_list(sentences: Iterable[str]) -> str:
    """A list of sentences; what stands between backquotes is set as code."""
    items = []
    for sentence in sentences:
        pieces = escape(sentence[:1].upper() + sentence[1:]).split("`")
        items.append("".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces)))
    return "<ul>" + "".join(f"<li>{item}.</li>" for item in items) + "</ul>"


def _language(language: str, part: Mapping[str, Any]) -> str:
    experts, compared = part["experts"], part["comparisons"]
    name = language_name(language)
    parts = [f"<h2>{escape(name)}</h2>", f'<p class="about">{part["cases"]} cases, files: {part["files"]}</p>']
    if part["verdicts"]:
        parts.append(sentences_list(part["verdicts"]))
    parts.append(legend(list(experts)))
    parts.append('<div class="plots">' + "".join(_plots(experts)) + "</div>")
    parts.append(html_table(HEADINGS, (figure_cells(expert, row) for expert, row in experts.items())))
    if compared:
        parts.append(f'<p class="about">Beside {escape(compared[0]["against"])}, case by case:</p>')
        parts.append(html_table(COMPARISON_HEADINGS, map(comparison_cells, compared)))
    return "\n".join(parts)


def _plots(experts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    def points(x: str, y: str, y_scale: float = 1.0) -> list[Point]:
        return [
            Point(name, exactly(row[x] / 1e6) if x == "file_bytes" else drawn(row[x]), drawn(row[y], y_scale))
            for name, row in experts.items()
        ]

    size, time = "size of the file, MB", "time to a whole suggestion, ms (median)"
    return [
        scatter(points("file_bytes", "exact", 100), "Size against exact matches", size, "exact, %"),
        scatter(points("file_bytes", "bits_per_byte"), "Size against surprise (lower is better)", size, "bits/byte"),
        scatter(points("total_ms", "exact", 100), "Latency against exact matches", time, "exact, %"),
    ]
