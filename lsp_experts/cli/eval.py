"""`lsp-experts eval [DIR]`: measure experts on the user's own code, and let routing go by what was found."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from lsp_experts.cli.given import check_amount, check_workspace, names
from lsp_experts.cli.page import check_page, write_page
from lsp_experts.cli.progress import step_bar
from lsp_experts.cli.upright_table import upright_table
from lsp_experts.paths import Paths, default_paths
from lsp_experts.registry.catalogue import load_sound_catalogue
from lsp_experts.registry.overlay import set_measured, set_preferred, set_value
from lsp_experts.registry.store import Store
from lsp_experts.syntax.language_names import language_name

if TYPE_CHECKING:
    from lsp_experts.lab.evaluation.records import Evaluation
    from lsp_experts.lab.evaluation.workspace import WorkspaceEval


def run(
    *,
    folder: Path,
    experts: str,
    languages: str,
    limit: int,
    minutes: float | None,
    since: str | None,
    seed: int,
    html: Path | None,
    dry_run: bool,
    fresh: bool,
    as_json: bool,
) -> int:
    """Evaluate, write what was found into the overlay registry and print it; 0, or 130 where it was stopped."""
    from lsp_experts.lab.evaluation.report_html import report_page
    from lsp_experts.lab.evaluation.workspace import WorkspaceEval

    check_workspace(folder)
    check_amount(limit, minutes)
    check_page(html)
    wanted, only = (tuple(dict.fromkeys(names(each))) for each in (experts, languages))
    order = WorkspaceEval(folder, wanted, only, limit, minutes, since, seed, fresh)
    paths = default_paths()
    load_sound_catalogue(paths)  # not after hours: what is found will be written to it
    try:
        evaluations = _evaluated(order, paths)
    except KeyboardInterrupt:
        print("lsp-experts: stopped. The same command goes on where it was.", file=sys.stderr)
        return 130
    report = _concluded(evaluations, paths, dry_run=dry_run)
    if as_json:
        print(json.dumps(report))
    else:
        _print(report)
    if html is not None:
        write_page(html, report_page(report, "Experts on this code", _about(report)))
    return 0


def _evaluated(order: WorkspaceEval, paths: Paths) -> tuple[Evaluation, ...]:
    from lsp_experts.lab.evaluation.workspace import evaluate_workspace

    with step_bar("looking for code") as on_step:
        return asyncio.run(evaluate_workspace(order, paths, on_step))


def _concluded(evaluations: tuple[Evaluation, ...], paths: Paths, *, dry_run: bool) -> dict[str, Any]:
    """The report; what it says is in the overlay registry then, unless it is a dry run."""
    from lsp_experts.lab.evaluation.figures import languages
    from lsp_experts.lab.evaluation.measured import gate_fits, measured_rows, recommendations
    from lsp_experts.lab.evaluation.report import report

    catalogue = load_sound_catalogue(paths)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    measured = {
        language: measured_rows(evaluation, language, today)
        for evaluation in evaluations
        for language in languages(evaluation)
    }
    gates = gate_fits(evaluations, catalogue)
    installed = {expert: one.sha256 for expert, one in Store(paths.store).installed().items()}
    said = recommendations(catalogue, installed, measured)
    if not dry_run:
        for language, rows in measured.items():
            set_measured(paths.overlay, language, rows)
        for expert, gate in gates.items():
            set_value(paths.overlay, "confidence", expert, gate.gate)
        if changes := {each.language: each.expert for each in said if each.changes}:
            set_preferred(paths.overlay, changes)
    written = "" if dry_run else str(paths.overlay)
    return {**report(evaluations, gates, said), "date": today, "written": written}


def _about(report: Mapping[str, Any]) -> str:
    later = f", in lines that were written after commit {report['since'][:12]}" if report["since"] else ""
    return f"{report['date']}: {report['done']} of {report['drawn']} cases{later}"


def _print(report: Mapping[str, Any]) -> None:
    from lsp_experts.lab.evaluation.report_table import HEADINGS, figure_cells

    console = Console(highlight=False)
    console.print(_about(report) + "; ± is half of a 95 % interval")
    for language, part in report["languages"].items():
        columns = [figure_cells(expert, row) for expert, row in part["experts"].items()]
        title = f"{language_name(language)}, {part['cases']} cases, files: {part['files']}"
        console.print(upright_table(HEADINGS, columns, title))
        for sentence in part["verdicts"]:
            console.print(escape(sentence[0].upper() + sentence[1:] + "."), soft_wrap=True)
    for expert, gate in report["gates"].items():
        console.print(f"{expert}: shown unasked from a probability of {gate['gate']:.2f} on", soft_wrap=True)
    for each in report["recommendations"]:
        console.print(escape(each["sentence"] + "."), soft_wrap=True)
    if report["written"]:
        written = escape(report["written"])
        console.print(f"Written to {written}; a server that starts from now on goes by it.", soft_wrap=True)
