"""A matrix as one JSON object: figures and names, no text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lsp_experts.lab.carving.coverage import Coverage
from lsp_experts.lab.evaluation.figures import Interval
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.matrix_figures import Difference, differences, matrix, sentence

_DECIMALS = 5


def report(
    read: Evaluation,
    written: Evaluation | None,
    shares: Mapping[str, Mapping[str, Coverage]],
    languages: Sequence[str],
    tokens: int,
) -> dict[str, Any]:
    """{"tokens", "drawn", "done", "contestants": {NAME: {"file_bytes", "resident_bytes", "n_vocab", "cells": {LANGUAGE:
    {"bits_per_byte", "lines_right", "tokens", "lines", "files", "kept_share", "inflation"}}}}, "differences": {LANGUAGE
    or "all languages": ...}, "completed": the same cells of `written`, "sentence"}.

    `read`: the stretches; `written`: what was completed by the product's prompts, None if nothing was.
    """
    cells, compared = matrix(read, languages), differences(read, languages)
    return {
        "tokens": tokens,
        "drawn": read.cases,
        "done": read.done,
        "contestants": {
            each.name: {
                "file_bytes": each.file_bytes,
                "resident_bytes": each.resident_bytes,
                "n_vocab": each.n_vocab,
                "cells": {
                    language: {
                        "bits_per_byte": _interval(cell.bits_per_byte),
                        "lines_right": _interval(cell.exact),
                        "tokens_per_line": _interval(cell.tokens),
                        "lines": cell.cases,
                        "files": cell.places,
                        "kept_share": round(shares[each.name][language].kept_share, _DECIMALS),
                        "inflation": round(shares[each.name][language].inflation, _DECIMALS),
                    }
                    for language, cell in cells[each.name].items()
                },
            }
            for each in read.contestants
        },
        "differences": {each.language: _difference(each) for each in compared},
        "completed": _completed(written, languages) if written else {},
        "sentence": sentence(compared[-1], tokens),
    }


def _completed(written: Evaluation, languages: Sequence[str]) -> dict[str, Any]:
    return {
        name: {
            language: {
                "exact": _interval(cell.exact), "bits_per_byte": _interval(cell.bits_per_byte), "cases": cell.cases,
            }
            for language, cell in row.items()
        }
        for name, row in matrix(written, languages).items()
    }  # fmt: skip


def _difference(difference: Difference) -> dict[str, Any]:
    names = ("others", "control", "base", "control_points", "base_points")
    return {
        **{name: _interval(getattr(difference, name)) for name in names},
        "own_bits_per_byte": round(difference.own_bits_per_byte, _DECIMALS),
        "lines": difference.lines,
        "files": difference.files,
        "verdict": difference.verdict,
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {
        "value": round(interval.value, _DECIMALS),
        "low": round(interval.low, _DECIMALS),
        "high": round(interval.high, _DECIMALS),
    }
