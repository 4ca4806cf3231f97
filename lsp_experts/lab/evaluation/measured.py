"""What an evaluation says to the registry: what was measured of each expert, its gate, and whom to prefer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsp_experts.lab.evaluation.figures import Interval, baseline, compare, figures
from lsp_experts.lab.evaluation.recommendation import Recommendation, recommend
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.gate_fit import Fit, Judged, fit
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Measured
from lsp_experts.routing.chain import NONE, chain

_NO_DIFFERENCE = Interval(0, 0, 0)


def measured_rows(evaluation: Evaluation, language: str, date: str) -> dict[str, Measured]:
    """A row for each contestant, beside the baseline; `date`: YYYY-MM-DD. Empty where the language has no case."""
    against = baseline(evaluation)
    rows: dict[str, Measured] = {}
    for row in figures(evaluation, language):
        name = row.contestant.name
        points = bits = _NO_DIFFERENCE
        if name != against:
            compared = compare(evaluation, language, name, against)
            points, bits = compared.exact_points, compared.bits_per_byte
        rows[name] = Measured(
            exact=points.value,
            low=points.low,
            high=points.high,
            bits=bits.value,
            bits_low=bits.low,
            bits_high=bits.high,
            bits_per_byte=row.bits_per_byte.value,
            cases=row.cases,
            files=row.files,
            resident_bytes=row.contestant.resident_bytes,
            sha256=row.contestant.sha256,
            date=date,
            against=against,
        )
    return rows


def gate_fits(evaluations: Sequence[Evaluation], catalogue: Catalogue) -> dict[str, Fit]:
    """The gate of each expert, over the languages that it is made for; none where it has too few answers there."""
    judged: dict[str, list[Judged]] = {}
    for outcome in (outcome for evaluation in evaluations for outcome in evaluation.outcomes):
        languages = catalogue.get(outcome.contestant).languages
        if "*" in languages or outcome.language in languages:
            answer = Judged(outcome.place, outcome.probability, outcome.line_chars, outcome.line_right)
            judged.setdefault(outcome.contestant, []).append(answer)
    return {expert: fitted for expert, answers in judged.items() if (fitted := fit(answers)) is not None}


def recommendations(
    catalogue: Catalogue, installed: Mapping[str, str], measured: Mapping[str, Mapping[str, Measured]]
) -> tuple[Recommendation, ...]:
    """What `measured` recommends in each language. `installed`: expert id -> sha256; what was measured of another file
    than that does not count.
    """
    found = []
    for language, rows in sorted(measured.items()):
        usable = {name: row for name, row in rows.items() if installed.get(name) == row.sha256}
        first = chain(catalogue, language, installed.keys(), interpreter=NONE).candidates[:1]
        found.append(recommend(language, usable, first[0].expert if first else ""))
    return tuple(found)
