"""What a change holds on to: the version of an open document, the text of a file that was read."""

from __future__ import annotations

import pytest

from lsp_experts.actions.outcome import Change
from lsp_experts.completion.document import DocumentView


@pytest.mark.parametrize(("version", "expected"), [(0, (0, "")), (7, (7, "")), (-1, (None, "abc"))])
def test_a_change_of_what_was_seen(version: int, expected: tuple[int | None, str]) -> None:
    change = Change.of(DocumentView("file:///w/a", "go", version, "abc"), 1, 2, "X", "why")
    assert (change.version, change.expected) == expected
    assert (change.uri, change.start, change.end, change.new_text) == ("file:///w/a", 1, 2, "X")
    assert (change.label, change.creates) == ("why", False)
