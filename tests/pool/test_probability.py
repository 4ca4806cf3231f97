from __future__ import annotations

import math

import pytest

from lsp_experts.pool.probability import HALF_LIFE_S, LEAST, use_soon


@pytest.mark.parametrize(
    ("expected", "last_used_s", "now_s", "in_use", "probability"),
    [
        pytest.param(0.0, 100, 100, False, 1.0, id="used now"),
        pytest.param(0.0, 100, 100 + HALF_LIFE_S, False, 0.5, id="half after the half-life"),
        pytest.param(0.7, 100, 100 + HALF_LIFE_S, False, 0.7, id="expected more than recent"),
        pytest.param(0.2, 100, 100 + HALF_LIFE_S, False, 0.5, id="recent more than expected"),
        pytest.param(0.0, -math.inf, 100, False, LEAST, id="never used"),
        pytest.param(0.0, 100, 1e9, False, LEAST, id="long ago"),
        pytest.param(0.0, 200, 100, False, 1.0, id="the clock went back"),
        pytest.param(0.0, 0, 1e9, True, 1.0, id="in use"),
        pytest.param(3.0, 0, 1e9, False, 1.0, id="no more than certain"),
    ],
)
def test_use_soon(expected: float, last_used_s: float, now_s: float, in_use: bool, probability: float) -> None:
    assert use_soon(expected, last_used_s, now_s, in_use=in_use) == pytest.approx(probability)
