"""What `bench review` prints of what it measured, with the counts behind every ratio. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsp_experts.lab.bench_review import ReviewBench
from lsp_experts.lab.review_figures import Slip, commits_row, false_alarms, least_for, ratio, row
from lsp_experts.lab.review_mutations import KINDS
from lsp_experts.lab.review_run import Measured

RATES = (5.0, 10.0)  # false alarms in 1,000 lines, beside the budget
_SHOWN_DELTAS = 20


def report(bench: ReviewBench, seen: Mapping[str, Measured], *, stopped: bool) -> dict[str, Any]:
    """{"folder", "seed", "budget", "stopped", "experts": {ID: {"rows", "kinds", "languages", "clean", "commits",
    "notes"}}}.

    "rows" maps "as it is set" (the product's threshold for the budget) and each rate to figures (review_figures.row);
    the threshold of a rate is chosen on the same clean lines that its alarms are counted in.
    """
    return {
        "folder": str(bench.folder),
        "seed": bench.seed,
        "budget": bench.budget,
        "stopped": stopped,
        "experts": {expert: _expert(bench, measured) for expert, measured in seen.items()},
    }


def _expert(bench: ReviewBench, measured: Measured) -> dict[str, Any]:
    clean = list(measured.clean.values())
    deltas, lines = false_alarms(clean), sum(each.review.lines for each in clean)
    rates = dict.fromkeys((bench.budget, *RATES))
    thresholds = {"as it is set": measured.threshold}
    thresholds |= {f"{rate:g} in 1,000 lines": least_for(deltas, lines, rate) for rate in rates}
    seconds = sum(each.review.seconds for each in clean)
    tokens = sum(each.review.tokens for each in clean)
    notes = list(measured.notes)
    if bench.budget * lines < 1000:
        notes.append(
            f"{lines} lines without a slip are too few for {bench.budget:g} in 1,000: the threshold is above all that"
            " was found in them, and loose"
        )
    return {
        "rows": {name: row(least, clean, measured.slips) for name, least in thresholds.items()},
        "kinds": _parts(KINDS, lambda each: each.kind, thresholds, measured.slips),
        "languages": _parts(
            sorted({each.language for each in measured.slips}), lambda each: each.language, thresholds, measured.slips
        ),
        "clean": {
            "stretches": len(clean),
            "lines": lines,
            "seconds": round(seconds, 1),
            "tokens": tokens,
            "seconds_per_1000_lines": ratio(1000 * seconds, lines),
            "tokens_per_1000_lines": ratio(1000 * tokens, lines),
            "largest_deltas": [round(delta, 2) for delta in sorted(deltas, reverse=True)[:_SHOWN_DELTAS]],
        },
        "commits": {name: commits_row(least, measured.fixes) for name, least in thresholds.items()}
        if measured.fixes
        else {},
        "notes": notes,
    }


def _parts(
    names: Sequence[str], of: Callable[[Slip], str], thresholds: Mapping[str, float], slips: Sequence[Slip]
) -> dict[str, Any]:
    """For each name {"slips", "found" (at any threshold), "hits": {threshold's name: count}}."""
    found = {}
    for name in names:
        mine = [each for each in slips if of(each) == name]
        found[name] = {
            "slips": len(mine),
            "found": sum(each.hit > 0 for each in mine),
            "hits": {called: sum(each.hit >= least for each in mine) for called, least in thresholds.items()},
        }
    return found
