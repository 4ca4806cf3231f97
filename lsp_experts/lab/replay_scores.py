"""The figures of `bench replay`. Pure.

cases                         typed
keystrokes                    pressed, accepting included (once for all of a suggestion, once a line for its first ones)
exact_line                    share of the cases whose first suggestion shown began with exactly the rest of its line
prefix_chars                  of each suggestion shown, characters before the first wrong one: the mean
edit_similarity               of each suggestion shown to as many lines of the truth: mean of 1 - Levenshtein / length
shown_pct                     of the keys that left something to type, those that were followed by a suggestion before
                              the next key, in per cent
precision                     share of the suggestions shown whose first line is a true continuation (0 of none)
chars_saved_per_100           keys saved by accepting, per 100 that the same text takes without suggestions
model_calls_per_keystroke     requests that reached a model: warming, aborted and speculative ones too
prompt_tokens_per_keystroke   prompt tokens that were decoded, for whatever reason
prompt_tokens_per_call        the same for each request: a slow peer with one request under way makes few of them
decoded_tokens_per_keystroke  all tokens that ran through the model: of prompts and generated ones
first_suggestion_ms_p50, _p95 from the first key that nobody has answered yet to the appearance of a new suggestion;
                              silent answers end a wait uncounted, a case's end cuts it off and counts what it was

A suggestion that stays while it is typed along is one suggestion. `interval_95` holds bootstrap intervals over cases.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.replay_typist import Run

Figures = dict[str, Any]

_RESAMPLES = 500


def figures(runs: Sequence[Run]) -> Figures:
    """The figures of the module's docstring; zeros for no runs."""
    keystrokes = sum(run.keystrokes for run in runs)
    verdicts = [verdict for run in runs for verdict in run.verdicts]
    waits = sorted(wait for run in runs for wait in run.waits_ms)
    calls = sum(run.cost.model_calls for run in runs)
    prompt_tokens = sum(run.cost.prompt_tokens for run in runs)
    per_key = max(1, keystrokes)
    return {
        "cases": len(runs),
        "keystrokes": keystrokes,
        "exact_line": round(_exact_line(runs), 4),
        "prefix_chars": round(_mean([verdict.right_chars for verdict in verdicts]), 2),
        "edit_similarity": round(_mean([verdict.similarity for verdict in verdicts]), 4),
        "shown_pct": round(100 * _share(sum(run.moments_shown for run in runs), sum(run.moments for run in runs)), 1),
        "precision": round(_precision(runs), 4),
        "chars_saved_per_100": round(_saved(runs), 2),
        "model_calls_per_keystroke": round(calls / per_key, 3),
        "prompt_tokens_per_keystroke": round(prompt_tokens / per_key, 2),
        "prompt_tokens_per_call": round(_share(prompt_tokens, calls), 2),
        "decoded_tokens_per_keystroke": round(sum(run.cost.decoded_tokens for run in runs) / per_key, 2),
        "first_suggestion_ms_p50": round(percentile(waits, 0.5), 1),
        "first_suggestion_ms_p95": round(percentile(waits, 0.95), 1),
        "suggestions": len(verdicts),
        "interval_95": {
            "exact_line": _interval(runs, _exact_line),
            "precision": _interval(runs, _precision),
            "chars_saved_per_100": _interval(runs, _saved),
        },
    }


def by_language(runs: Sequence[Run]) -> dict[str, Figures]:
    """The figures of each language that was typed."""
    languages = sorted({run.case.language for run in runs})
    return {language: figures([run for run in runs if run.case.language == language]) for language in languages}


def ratios(ours: Mapping[str, Any], peer: Mapping[str, Any]) -> dict[str, float | None]:
    """How many times better: fewer tokens, sooner, more precise, more saved. None where a figure to divide by is 0."""
    return {
        "decoded_tokens": _ratio(peer["decoded_tokens_per_keystroke"], ours["decoded_tokens_per_keystroke"]),
        "prompt_tokens": _ratio(peer["prompt_tokens_per_keystroke"], ours["prompt_tokens_per_keystroke"]),
        "prompt_tokens_per_call": _ratio(peer["prompt_tokens_per_call"], ours["prompt_tokens_per_call"]),
        "first_suggestion_p50": _ratio(peer["first_suggestion_ms_p50"], ours["first_suggestion_ms_p50"]),
        "first_suggestion_p95": _ratio(peer["first_suggestion_ms_p95"], ours["first_suggestion_ms_p95"]),
        "precision": _ratio(ours["precision"], peer["precision"]),
        "chars_saved": _ratio(ours["chars_saved_per_100"], peer["chars_saved_per_100"]),
    }


def _exact_line(runs: Sequence[Run]) -> float:
    return _mean([bool(run.verdicts) and run.verdicts[0].exact_line for run in runs])


def _precision(runs: Sequence[Run]) -> float:
    return _mean([verdict.precise for run in runs for verdict in run.verdicts])


def _saved(runs: Sequence[Run]) -> float:
    entered = sum(run.entered_keys for run in runs)
    return 100 * _share(entered - sum(run.keystrokes for run in runs), entered)


def _interval(runs: Sequence[Run], score: Callable[[Sequence[Run]], float]) -> tuple[float, float]:
    """The middle 95 per cent of the score over cases drawn again with replacement."""
    if not runs:
        return 0.0, 0.0
    rng = random.Random(0)
    drawn = sorted(score(rng.choices(runs, k=len(runs))) for _ in range(_RESAMPLES))
    return round(percentile(drawn, 0.025), 4), round(percentile(drawn, 0.975), 4)


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _ratio(more: float, less: float) -> float | None:
    return round(more / less, 2) if less else None
