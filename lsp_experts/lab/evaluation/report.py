"""What `lsp-experts eval` says of what was measured, as one JSON object: figures and names, no text of a case. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lsp_experts.lab.evaluation.figures import Comparison, Figures, comparisons, figures, languages
from lsp_experts.lab.evaluation.recommendation import Recommendation
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.evaluation.verdict import verdict
from lsp_experts.lab.gate_fit import Fit

_DECIMALS = 4
OF_FIGURES = ("exact", "accepted_chars", "similarity", "bits_per_byte", "first_ms", "total_ms", "tokens")


def report(
    evaluations: Sequence[Evaluation], gates: Mapping[str, Fit], recommendations: Sequence[Recommendation]
) -> dict[str, Any]:
    """{"drawn", "done", "since", "languages": {LANGUAGE: {"cases", "files", "experts": {NAME: figures}, "comparisons",
    "verdicts"}}, "gates", "recommendations"}.

    Each figure and difference is {"value", "low", "high"}, the interval of 95 per cent.
    """
    return {
        "drawn": sum(evaluation.cases for evaluation in evaluations),
        "done": sum(evaluation.done for evaluation in evaluations),
        "since": next((evaluation.since for evaluation in evaluations), ""),
        "languages": {
            language: _language(evaluation, language)
            for evaluation in evaluations
            for language in languages(evaluation)
        },
        "gates": {name: {key: round(value, 4) for key, value in asdict(gate).items()} for name, gate in gates.items()},
        "recommendations": [{**asdict(each), "changes": each.changes} for each in recommendations],
    }


def _language(evaluation: Evaluation, language: str) -> dict[str, Any]:
    rows = figures(evaluation, language)
    compared = comparisons(evaluation, language)
    return {
        "cases": rows[0].cases,
        "files": rows[0].files,
        "experts": {row.contestant.name: _row(row) for row in rows},
        "comparisons": [_comparison(each) for each in compared],
        "verdicts": [verdict(each).sentence for each in compared],
    }


def _row(row: Figures) -> dict[str, Any]:
    return {
        **{name: getattr(row, name).rounded() for name in OF_FIGURES},
        "file_bytes": row.contestant.file_bytes,
        "resident_bytes": row.contestant.resident_bytes,
        "n_vocab": row.contestant.n_vocab,
        "kind": row.contestant.kind,
        "base": row.contestant.made_of,
        "sha256": row.contestant.sha256,
    }


def _comparison(compared: Comparison) -> dict[str, Any]:
    said = verdict(compared)
    return {
        "expert": compared.contestant,
        "against": compared.against,
        "verdict": said.kind,
        "needed_cases": said.needed_cases,
        **{
            name: getattr(compared, name).rounded()
            for name in ("exact_points", "accepted_chars", "bits_per_byte", "latency_ratio")
        },
        "memory_share": round(compared.memory_share, _DECIMALS),
        "bytes_share": round(compared.bytes_share, _DECIMALS),
    }
