"""Every fault of the protocol has a test that names it, so that none gets lost when tests are moved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
FAULTS = (*(f"P-{number:02}" for number in range(1, 28)), *(f"K{number}" for number in range(1, 6)))
# Faults that the drills do, which tests/faults/test_drills_protocol.py runs.
DRILLED = {"K1": "frames", "K2": "accounting", "P-24": "busy_engine"}


@pytest.fixture(scope="module")
def named() -> set[str]:
    files = [*TESTS.glob("server/test_*.py"), *TESTS.glob("faults/test_frames_*.py")]
    return {fault for file in files for fault in re.findall(r"\b(?:P-\d\d|K\d)\b", file.read_text())}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_test_names_it(named: set[str], fault: str) -> None:
    if fault in DRILLED:
        assert f'("{DRILLED[fault]}", ' in (TESTS / "faults" / "test_drills_protocol.py").read_text()
    else:
        assert fault in named
