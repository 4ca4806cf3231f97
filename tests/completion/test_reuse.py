"""Typing what was suggested."""

from __future__ import annotations

import pytest

from lsp_experts.completion.reuse import Remembered, Reused, remember, reuse

KNOWN = remember((), Remembered("sha-go", "x = ", "\n", "add(1, 2)", 0.5))


@pytest.mark.parametrize(
    ("identity", "before", "after", "left"),
    [
        ("sha-go", "x = ", "\n", "add(1, 2)"),
        ("sha-go", "x = add(", "\n", "1, 2)"),
        ("sha-go", "x = add(1, 2)", "\n", None),
        ("sha-go", "x = sub", "\n", None),
        ("sha-go", "x = add(", ")\n", "1, 2)"),  # the editor closed the bracket
        ("sha-go", "x = add(", "b)\n", None),
        ("sha-go", "x = add(", "", None),
        ("sha-html", "x = ", "\n", None),
        ("sha-go", "y", "\n", None),
    ],
)
def test_reuse(identity: str, before: str, after: str, left: str | None) -> None:
    assert reuse(KNOWN, identity, before, after) == (None if left is None else Reused(left, 0.5))


def test_only_the_last_ones_are_kept() -> None:
    known: tuple[Remembered, ...] = ()
    for number in range(30):
        known = remember(known, Remembered("e", str(number), "", "t", 1.0))
    assert [item.before for item in known] == [str(number) for number in range(29, 13, -1)]
