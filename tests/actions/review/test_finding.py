"""What a user reads of a finding, and which are shown."""

from __future__ import annotations

import math

import pytest

from lsp_experts.actions.review.finding import Finding, Review
from lsp_experts.actions.review.threshold import DEFAULT_LEAST, least_delta
from lsp_experts.registry.entry import Entry


@pytest.mark.parametrize(
    ("actual", "replacement", "message"),
    [
        ("<", "<=", "`<` looks unusual here: `<=` fits better (LSP Experts, 6.2 nats)"),
        ("!", "", "`!` looks unusual here: it fits better without (LSP Experts, 6.2 nats)"),
        ("a,\n    b", "b,\n    a", "`a, b` looks unusual here: `b, a` fits better (LSP Experts, 6.2 nats)"),
        ("x" * 50, "y", f"`{'x' * 39}…` looks unusual here: `y` fits better (LSP Experts, 6.2 nats)"),
    ],
)
def test_message(actual: str, replacement: str, message: str) -> None:
    assert Finding(0, 1, actual, replacement, 6.24, 9.0, "operator").message == message


def test_only_what_reaches_the_threshold_is_shown() -> None:
    candidates = tuple(
        Finding(at, at + 1, "<", ">", delta, 1.0, "operator") for at, delta in enumerate((9.0, 4.0, 3.9))
    )
    assert [each.delta for each in Review("e", 4.0, candidates, 1, 1, 1.0, True).findings] == [9.0, 4.0]


@pytest.mark.parametrize(
    ("fitted", "false_alarms", "least"),
    [
        (None, 1.0, DEFAULT_LEAST),
        (4.5, 1.0, 4.5),
        (0.0, 1.0, 0.0),
        (4.5, 0.0, math.inf),
        (0.5, 1000.0, 0.0),
    ],
)
def test_threshold(fitted: float | None, false_alarms: float, least: float) -> None:
    assert least_delta(Entry("e", "model", ("go",), "MIT", "a test", review=fitted), false_alarms) == least


def test_more_false_alarms_are_allowed_by_a_lower_threshold() -> None:
    entry = Entry("e", "model", ("go",), "MIT", "a test", review=6.0)
    found = [least_delta(entry, budget) for budget in (0.1, 1.0, 2.0, 10.0)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 4
