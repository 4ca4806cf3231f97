"""What a death of the engine means for the experts. Pure: history, time and expert in, history and verdict out."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limits:
    """How many deaths are too many. Times in seconds of a monotonic clock."""

    expert_deaths: int = 2
    expert_window_s: float = 600.0
    any_deaths: int = 3
    any_window_s: float = 60.0
    pause_s: float = 300.0


@dataclass(frozen=True)
class DeathRecord:
    """One death: when, and which expert was being loaded or run ("" for none)."""

    at_s: float
    expert: str


@dataclass(frozen=True)
class History:
    """The deaths that still count, and until when nothing is started."""

    deaths: tuple[DeathRecord, ...] = ()
    paused_until_s: float = float("-inf")

    def pause_left_s(self, now_s: float) -> float:
        """Seconds until the engine may start again, 0 if it may now."""
        return max(0.0, self.paused_until_s - now_s)

    def acquit(self, expert: str) -> History:
        """The same deaths, none of them `expert`'s."""
        return replace(
            self, deaths=tuple(replace(death, expert="") if death.expert == expert else death for death in self.deaths)
        )


@dataclass(frozen=True)
class Verdict:
    """What follows from a death."""

    history: History
    quarantine: bool = False  # the expert is not loaded again
    pause: bool = False  # nothing is started for `Limits.pause_s`


def judge(history: History, now_s: float, expert: str, limits: Limits | None = None) -> Verdict:
    """The verdict on a death at `now_s` while `expert` was loaded or run ("": no expert is to blame)."""
    limits = limits or Limits()
    longest_s = max(limits.expert_window_s, limits.any_window_s)
    recent = (death for death in history.deaths if now_s - death.at_s < longest_s)
    deaths = (*recent, DeathRecord(now_s, expert))
    of_expert = [death for death in deaths if death.expert == expert and now_s - death.at_s < limits.expert_window_s]
    # A pause starts a new count: what led to it was answered with it.
    counted_from_s = max(now_s - limits.any_window_s, history.paused_until_s)
    of_any = [death for death in deaths if death.at_s > counted_from_s]
    quarantine = bool(expert) and len(of_expert) >= limits.expert_deaths
    pause = len(of_any) >= limits.any_deaths
    history = History(deaths, now_s + limits.pause_s if pause else history.paused_until_s)
    return Verdict(history.acquit(expert) if quarantine else history, quarantine, pause)
