"""`lsp-experts fit --review`: from how many nats on does a review's finding deserve to be shown here?

What the user accepted is nearly free of bugs, so that what a review finds in it is a false alarm.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_experts.actions.review.threshold import DEFAULT_LEAST, NATS_PER_E, least_delta
from lsp_experts.lab.bench_review import reading, reviewers
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.review_figures import Clean, false_alarms, least_for, ratio, row
from lsp_experts.lab.review_stretches import review, spread
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.overlay import set_value
from lsp_experts.registry.store import Store
from lsp_experts.syntax.tree import SyntaxTree

BUDGET = 1.0  # false alarms in 1,000 lines, which the registry's thresholds are for
LEAST_LINES = 200
# With no alarm in so many lines, there is fewer than one in 1,000 with 95 % (the rule of three).
ENOUGH_LINES = 3000
_SEED = 7
_SHOWN_DELTAS = 10


@dataclass(frozen=True)
class ReviewFit:
    """What to fit. No `experts`: each that reviews a language of `folder`."""

    folder: Path
    experts: tuple[str, ...] = ()
    lines: int = ENOUGH_LINES  # to review for each


async def fit_reviews(order: ReviewFit, paths: Paths, on_review: Callable[[str, int, int], None]) -> dict[str, Any]:
    """{"experts": {ID: row}, "written": path or ""}; writes what was fitted into the user's overlay registry.

    A row: {"languages", "lines", "threshold", "before", "after", "largest_deltas", "note"}; "threshold" is None where
    the lines are too few. `on_review` is told (expert, lines done, all). Errors as fit_gate.fit_gates.
    """
    catalogue, store = load_catalogue(paths), Store(paths.store)
    by_expert = reviewers(order.folder, order.experts, catalogue, store)
    rows: dict[str, Any] = {}
    async with open_engine(paths) as engine:
        for expert, files in by_expert.items():
            chosen, lines = [], 0
            for stretch in spread(files, random.Random(_SEED)):
                if lines < order.lines:
                    chosen.append(stretch)
                    lines += stretch.lines
            clean: list[Clean] = []
            if lines >= LEAST_LINES:
                scorer = await reading(engine, expert, catalogue, store)
                done = 0
                for stretch in chosen:
                    tree = SyntaxTree(stretch.file.language, stretch.file.text)
                    clean.append(Clean(stretch.file.language, await review(scorer, tree, stretch)))
                    done += stretch.lines
                    on_review(expert, done, lines)
                await engine.evict(expert)
            rows[expert] = {
                "languages": sorted({file.language for file in files}),
                **_row(least_delta(catalogue.get(expert), BUDGET), clean, lines),
            }
            if rows[expert]["threshold"] is not None:
                set_value(paths.overlay, "review", expert, rows[expert]["threshold"])
    written = any(each["threshold"] is not None for each in rows.values())
    return {"experts": rows, "written": str(paths.overlay) if written else ""}


def threshold_of(deltas: Sequence[float], lines: int) -> float:
    """The threshold for BUDGET, given what was found in so many lines of accepted code.

    With ENOUGH_LINES the delta of the last finding that is allowed. Fewer lines do not show the rare large deltas, so
    it lies above all that were found, by what an exponential tail of NATS_PER_E reaches in the lines that are missing.
    """
    if lines >= ENOUGH_LINES:
        return round(least_for(deltas, lines, BUDGET), 2)
    largest = max(deltas, default=DEFAULT_LEAST)
    return math.ceil(100 * (largest + NATS_PER_E * math.log(ENOUGH_LINES / lines))) / 100


def _row(before: float, clean: Sequence[Clean], lines: int) -> dict[str, Any]:
    if not clean:
        note = f"{lines} lines of code, {LEAST_LINES} are needed: give a folder with more of it, or raise --lines"
        return {"lines": lines, "threshold": None, "note": note}
    read = sum(each.review.lines for each in clean)
    deltas = false_alarms(clean)
    threshold = threshold_of(deltas, read)
    note = (
        f"{read} lines are few: the threshold is above all that was found in them, and loose"
        if read < ENOUGH_LINES
        else f"chosen on {read} lines, {math.floor(BUDGET * read / 1000)} findings in them are allowed"
    )
    seconds = sum(each.review.seconds for each in clean)
    return {
        "lines": read,
        "threshold": threshold,
        "before": _alarms(before, clean),
        "after": _alarms(threshold, clean),
        "largest_deltas": [round(delta, 2) for delta in sorted(deltas, reverse=True)[:_SHOWN_DELTAS]],
        "seconds_per_1000_lines": ratio(1000 * seconds, read),
        "note": note,
    }


def _alarms(threshold: float, clean: Sequence[Clean]) -> dict[str, Any]:
    figures = row(threshold, clean, ())
    return {name: figures[name] for name in ("threshold", "alarms", "alarms_per_1000_lines")}
