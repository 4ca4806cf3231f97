"""Is the machine on battery, and what is saved then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

ASK_EVERY_S = 30.0

Saving = Literal["full", "save", "off"]


def saving(setting: str, on_battery: bool) -> Saving:
    """What the setting `onBattery` asks for now: "full", "save" (load only what a request needs) or "off" (nothing)."""
    if on_battery and setting == "save":
        return "save"
    return "off" if on_battery and setting == "off" else "full"


def runs_on_battery() -> bool:
    """Whether the system says that no power comes in; False where it has no battery or does not know."""
    import psutil  # here: 30 ms that a server's first answer need not wait for

    sensor = getattr(psutil, "sensors_battery", None)  # absent on some systems
    battery = sensor() if sensor is not None else None
    return battery is not None and battery.power_plugged is False


class Battery:
    """Whether this machine runs on battery; looked at every 30 seconds at most. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], read: Callable[[], bool] = runs_on_battery) -> None:
        self._clock, self._read = clock, read
        self._asked_s: float | None = None
        self._on_battery = False

    def on_battery(self) -> bool:
        """False where that is unknown."""
        now_s = self._clock()
        if self._asked_s is None or now_s - self._asked_s >= ASK_EVERY_S:
            self._asked_s = now_s
            try:
                self._on_battery = self._read()
            except Exception:  # firmware says anything; an unreadable battery must not stop a completion
                self._on_battery = False
        return self._on_battery
