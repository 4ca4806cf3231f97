"""Which of two answers is shown first."""

from __future__ import annotations

import pytest

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.ranking import Ranked, mean_log_probability, ranked


def answer(expert: str, text: str, joint_probability: float) -> Ranked:
    suggestion = Suggestion(text, 0, expert, "expert", joint_probability=joint_probability)
    return Ranked(suggestion, mean_log_probability(joint_probability, len(text)))


@pytest.mark.parametrize(
    ("answers", "order", "reasons"),
    [
        pytest.param(
            (answer("go", "add(1)", 0.5), answer("base", "sub(1)", 0.9)),
            ["base", "go"],
            ["expert, rank: beat go", "expert, rank: behind base"],
            id="the likelier one per character",
        ),
        pytest.param(
            (answer("go", "a", 0.5), answer("base", "a long line of text", 0.4)),
            ["base", "go"],
            ["expert, rank: beat go", "expert, rank: behind base"],
            id="a long text is not punished for its length",
        ),
        pytest.param(
            (answer("go", "add(1)", 0.5), answer("base", "add(1)", 0.9)),
            ["base"],
            ["expert, rank: agrees with go"],
            id="equal texts are one",
        ),
        pytest.param(
            (answer("go", "x", 0.5), answer("base", "y", 0.5)),
            ["go", "base"],
            ["expert, rank: beat base", "expert, rank: behind go"],
            id="a draw: the chain's order",
        ),
        pytest.param((answer("go", "x", 0.5),), ["go"], ["expert, rank: nothing from base"], id="the other is silent"),
    ],
)
def test_ranked(answers: tuple[Ranked, ...], order: list[str], reasons: list[str]) -> None:
    best = ranked(answers, ("go", "base"))
    shown = (best, *best.others)
    assert [each.expert for each in shown] == order
    assert [each.expert_reason for each in shown] == reasons
    assert all(other.others == () for other in best.others)


def test_a_probability_of_nothing_is_a_low_score() -> None:
    assert mean_log_probability(0.0, 0) < mean_log_probability(1e-200, 10) < mean_log_probability(1.0, 10) == 0.0
