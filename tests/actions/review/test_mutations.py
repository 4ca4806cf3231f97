"""The tables of what is mistaken for what."""

from __future__ import annotations

import pytest

from lsp_experts.actions.review.mutations import OPERATORS, WORDS, other_numbers


@pytest.mark.parametrize(
    ("number", "others"),
    [
        ("0", ("1",)),
        ("1", ("0", "2")),
        ("2", ("1", "3", "0")),
        ("10", ("9", "11", "0", "1")),
        ("1.5", ()),
        ("0x10", ()),
        ("1_000", ()),
        ("007", ()),
        ("1234567", ()),
        ("\u0663", ()),
        ("", ()),
    ],
)
def test_other_numbers(number: str, others: tuple[str, ...]) -> None:
    assert other_numbers(number) == others


@pytest.mark.parametrize("table", [OPERATORS, WORDS])
def test_nothing_is_mistaken_for_itself(table: dict[str, tuple[str, ...]]) -> None:
    for text, others in table.items():
        assert others and text not in others and len(set(others)) == len(others)
