"""Which expert a language should start with."""

from __future__ import annotations

import pytest

from lsp_experts.lab.evaluation.recommendation import recommend
from lsp_experts.registry.entry import Measured


def row(spec: str) -> Measured:
    """ "POINTS±HALF MEGABYTES [of FILES] [BITS±HALF bits]"; the base's intervals have no width."""
    points, megabytes, *rest = spec.split()
    value, half = map(float, points.split("±"))
    files = int(rest[1]) if "of" in rest else 40
    bits, bits_half = map(float, rest[-2].split("±")) if "bits" in rest else (0.0, half / 50)
    size = int(megabytes) * 10**6
    return Measured(
        value, value - half, value + half, bits, bits - bits_half, bits + bits_half, 0.6, 120, files, size, "a" * 64,
        "2026-01-31", "base",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "current", "expert", "why"),
    [
        ({"base": "0±0 500", "carved": "-0.4±1.1 300"}, "carved", "carved", "none that is as good is smaller"),
        ({"base": "0±0 500", "carved": "-0.4±1.1 300"}, "base", "carved", "as good as `base` (-0.4 ± 1.1"),
        ({"base": "0±0 500", "carved": "-6±3 300"}, "carved", "base", "`carved` is worse than `base`"),
        ({"base": "0±0 500", "carved": "-6±3 300"}, "base", "base", "none that is as good is smaller"),
        ({"base": "0±0 500", "carved": "-2±3 300"}, "carved", "carved", "do not tell it"),
        ({"base": "0±0 500", "carved": "-2±3 300"}, "base", "base", "none that is as good is smaller"),
        ({"base": "0±0 500", "carved": "0±1 300 of 7"}, "base", "base", "none that is as good is smaller"),
        ({"base": "0±0 500", "tuned": "+2±3 610"}, "tuned", "base", "as good as the one that all were compared with"),
        ({"base": "0±0 500", "tuned": "+2±3 510"}, "tuned", "tuned", "do not tell it"),
        ({"base": "0±0 500", "tuned": "+2±3 510 -0.05±0.02 bits"}, "base", "tuned", "-0.050 ± 0.020 bits per byte"),
        ({"base": "0±0 500", "tuned": "+2±3 510 -0.05±0.02 bits"}, "tuned", "tuned", "it is better than `base`"),
        ({"base": "0±0 500", "tuned": "+2±3 510 -0.02±0.02 bits"}, "base", "base", "none that is as good is smaller"),
        ({"base": "0±0 500", "tuned": "-6±3 510 -0.05±0.02 bits"}, "base", "base", "none that is as good is smaller"),
        ({"base": "0±0 500", "tuned": "+2±3 510 of 7 -0.05±0.02 bits"}, "base", "base", "none that is as good"),
        ({"base": "0±0 500", "tuned": "+6±3 510"}, "tuned", "tuned", "it is better than `base`"),
        ({"base": "0±0 500", "tuned": "+6±3 510"}, "base", "tuned", "it is better than `base` (+6.0 ± 3.0"),
        ({"base": "0±0 500", "tuned": "+6±3 510", "more": "+7±3 520"}, "tuned", "tuned", "it is better"),
        ({"base": "0±0 500", "tuned": "+6±3 510", "more": "+12±3 520"}, "tuned", "more", "it is better"),
        ({"base": "0±0 500", "a": "0±1 300", "b": "0±1 200", "c": "-9±1 100"}, "c", "b", "`c` is worse"),
        ({"carved": "-6±3 300"}, "carved", "carved", "which cannot be used"),
        ({"base": "0±0 500"}, "carved", "carved", "not measured"),
        ({}, "", "", "no expert"),
    ],
)
def test_rule(rows: dict[str, str], current: str, expert: str, why: str) -> None:
    said = recommend("go", {name: row(spec) for name, spec in rows.items()}, current)
    assert (said.expert, said.current) == (expert, current)
    assert why in said.sentence
    assert said.changes == (expert != current)
    assert said.sentence.startswith("Go: ")
