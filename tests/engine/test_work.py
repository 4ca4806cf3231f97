"""Counts of what an engine computed."""

from __future__ import annotations

import pytest

from lsp_experts.engine.work import Work, work_of


@pytest.mark.parametrize(
    ("field", "work"),
    [([7, 3], Work(7, 3)), (None, None), ([7], None), ([7, "3"], None), ([True, 1], None), ({"a": 1}, None)],
)
def test_work_of_an_event(field: object, work: Work | None) -> None:
    assert work_of(field) == work


def test_a_new_process_goes_on_counting() -> None:
    assert Work(7, 3).plus(Work(2, 1)) == Work(9, 4)
