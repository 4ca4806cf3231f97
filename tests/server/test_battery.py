"""What is saved on battery, and how often the machine is asked."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import psutil
import pytest

from lsp_experts.server.battery import Battery, runs_on_battery, saving


@pytest.mark.parametrize(
    ("setting", "on_battery", "expected"),
    [
        ("full", False, "full"),
        ("save", False, "full"),
        ("off", False, "full"),
        ("full", True, "full"),
        ("save", True, "save"),
        ("off", True, "off"),
    ],
)
def test_saving(setting: str, on_battery: bool, expected: str) -> None:
    assert saving(setting, on_battery) == expected


def check(times: list[float], answers: list[bool], expected: list[bool]) -> None:
    """At these times (seconds) `on_battery` says this; `answers` are all that the machine is asked for."""
    now, left = iter(times), iter(answers)
    battery = Battery(lambda: next(now), lambda: next(left))
    assert [battery.on_battery() for _ in times] == expected
    assert list(left) == []


def test_asked_once_in_thirty_seconds() -> None:
    check([0, 1, 29.9], [True], [True] * 3)
    check([100, 130, 131, 159, 160], [True, False, True], [True, False, False, False, True])


def test_an_error_is_no_battery_and_is_not_asked_again_at_once() -> None:
    asked = []

    def read() -> bool:
        asked.append(1)
        raise OSError("firmware")

    now = iter([0.0, 1.0, 31.0])
    battery = Battery(lambda: next(now), read)
    assert [battery.on_battery() for _ in range(3)] == [False] * 3
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("sensor", "expected"),
    [
        pytest.param(lambda: SimpleNamespace(power_plugged=False), True, id="on battery"),
        pytest.param(lambda: SimpleNamespace(power_plugged=True), False, id="plugged in"),
        pytest.param(lambda: SimpleNamespace(power_plugged=None), False, id="unknown"),
        pytest.param(lambda: None, False, id="no battery"),
        pytest.param(None, False, id="a system without the question"),
    ],
)
def test_what_the_system_says(
    monkeypatch: pytest.MonkeyPatch, sensor: Callable[[], object] | None, expected: bool
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", sensor, raising=False)
    assert runs_on_battery() is expected


def test_this_machine_has_an_answer() -> None:
    assert Battery(lambda: 0.0).on_battery() in (True, False)
