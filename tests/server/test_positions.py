"""Columns in the client's units against columns in code points."""

from __future__ import annotations

import pytest

from lsp_experts.server.positions import Encoding, code_points, units

SMILE = 'x="😋é"'


def check(line: str, encoding: Encoding, column_units: int, column: int) -> None:
    assert code_points(line, column_units, encoding) == column


@pytest.mark.parametrize(
    ("line", "encoding", "column_units", "column"),
    [
        ("abc", "utf-16", 2, 2),
        ("abc", "utf-16", 99, 3),  # P-21
        ("", "utf-8", 5, 0),
        (SMILE, "utf-16", 3, 3),
        (SMILE, "utf-16", 4, 3),  # P-22: inside the pair means its start
        (SMILE, "utf-16", 5, 4),
        (SMILE, "utf-16", 6, 5),
        (SMILE, "utf-8", 3, 3),
        (SMILE, "utf-8", 5, 3),
        (SMILE, "utf-8", 7, 4),
        (SMILE, "utf-8", 8, 4),
        (SMILE, "utf-8", 9, 5),
        (SMILE, "utf-32", 4, 4),
        (SMILE, "utf-32", 99, 6),
        ("a\u2028b", "utf-16", 3, 3),
        ("a\ufffdb", "utf-8", 4, 2),
    ],
)
def test_units_to_code_points(line: str, encoding: Encoding, column_units: int, column: int) -> None:
    check(line, encoding, column_units, column)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_there_and_back(encoding: Encoding) -> None:
    for column in range(len(SMILE) + 1):
        check(SMILE, encoding, units(SMILE, column, encoding), column)
