"""Fixtures of the commands' tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def keep_signals() -> Iterator[None]:
    """main() takes SIGTERM over for its process, which is the tests' one here."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
