"""From likely languages to likely experts."""

from __future__ import annotations

import pytest

from lsp_experts.completion.ahead import Next, expected

EXPERTS = {"html": "html-carved", "css": "css-carved", "ruby": "base", "lua": "base"}


@pytest.mark.parametrize(
    ("probabilities", "found"),
    [
        pytest.param({}, (), id="nothing is known"),
        pytest.param({"cobol": 0.9}, (), id="nobody is installed for it"),
        pytest.param(
            {"css": 0.25, "html": 0.5},
            (Next("html", "html-carved", 0.5), Next("css", "css-carved", 0.25)),
            id="the likeliest first",
        ),
        pytest.param(
            {"ruby": 0.25, "html": 0.375, "lua": 0.25},
            (Next("lua", "base", 0.5), Next("html", "html-carved", 0.375)),
            id="languages that share an expert add up",
        ),
        pytest.param({"ruby": 0.75, "lua": 0.75}, (Next("lua", "base", 1.0),), id="never more than certain"),
    ],
)
def test_expected(probabilities: dict[str, float], found: tuple[Next, ...]) -> None:
    assert expected(probabilities, EXPERTS.get) == found
