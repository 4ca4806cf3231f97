"""Evaluations as they might have come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsp_experts.lab.evaluation.records import Contestant, Evaluation, Outcome


def contestant(name: str, *, megabytes: int = 400, made_of: str = "") -> Contestant:
    kind = "carved" if made_of else "model"
    return Contestant(name, name[0] * 64, kind, megabytes * 10**6, megabytes * 12 * 10**5, 1000, made_of)


def outcome(
    name: str, number: int, *, exact: bool, cases_of_file: int = 4, language: str = "go", **fields: float
) -> Outcome:
    """Case `number`; the files have `cases_of_file` each."""
    values = {
        "accepted_chars": 12 if exact else 3,
        "truth_chars": 12,
        "similarity": 1.0 if exact else 0.5,
        "nll_nats": 20.0,
        "scored_bytes": 40,
        "first_ms": 100.0,
        "total_ms": 300.0,
        "prompt_tokens": 200,
        "decoded_tokens": 10,
        "probability": 0.9 if exact else 0.1,
        "line_chars": 12,
        "line_right": exact,
    }
    return Outcome(
        case=f"{language}-{number}",
        place=f"file-{number // cases_of_file}",
        language=language,
        kind="line",
        contestant=name,
        exact=exact,
        **{**values, **fields},  # type: ignore[arg-type]
    )


def evaluation(
    rights: Mapping[Contestant, Callable[[int], bool]], cases: int = 200, *, language: str = "go", files: int = 50
) -> Evaluation:
    """Each contestant's function says which cases it got right."""
    outcomes = tuple(
        outcome(each.name, number, exact=right(number), cases_of_file=-(-cases // files), language=language)
        for each, right in rights.items()
        for number in range(cases)
    )
    return Evaluation(tuple(rights), outcomes, cases, cases, "")
