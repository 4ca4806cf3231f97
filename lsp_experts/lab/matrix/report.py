"""A matrix as one JSON object: figures and names, no text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lsp_experts.lab.carving.coverage import Coverage
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.matrix.figures import Difference, differences, matrix, sentence

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
                        "bits_per_byte": cell.bits_per_byte.rounded(_DECIMALS),
                        "lines_right": cell.exact.rounded(_DECIMALS),
                        "tokens_per_line": cell.tokens.rounded(_DECIMALS),
                        "lines": cell.cases,
                        "files": cell.files,
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
                "exact": cell.exact.rounded(_DECIMALS),
                "bits_per_byte": cell.bits_per_byte.rounded(_DECIMALS),
                "cases": cell.cases,
            }
            for language, cell in row.items()
        }
        for name, row in matrix(written, languages).items()
    }  # fmt: skip


def _difference(difference: Difference) -> dict[str, Any]:
    names = ("others", "control", "base", "control_points", "base_points")
    return {
        **{name: getattr(difference, name).rounded(_DECIMALS) for name in names},
        "own_bits_per_byte": round(difference.own_bits_per_byte, _DECIMALS),
        "lines": difference.lines,
        "files": difference.files,
        "verdict": difference.verdict,
    }
