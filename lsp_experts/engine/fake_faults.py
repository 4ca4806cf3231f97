"""The script of the fake engine: which faults happen when, and what its toy numbers are. Parsed from its arguments.

Faults are WHAT[:ARGUMENT][@WHEN[N][:EXPERT]][+extra_bufts]:

    die:SIGSEGV@load       dies of a signal (default SIGKILL) at every load; @load2: at the second one only
    die@load+extra_bufts   ... only if the load asks for extra buffer types
    die:SIGKILL@token3     WHEN is load, complete, token, park, unpark, evict, logits, tokenize or state
    die@complete:go        ... only for expert go
    exit0, exit3@complete  exits with that code (default: at the first completion)
    hang@complete          stops answering anything, pings too
    stall@complete         the compute thread stops, pings are still answered
    garbage@complete       writes a line that is not JSON; longline: one over the limit; half: half a line, then exits
    stray@complete         answers a request that nobody made
    print@complete         prints to stdout, as a library might

Settings are NAME[:VALUE]:

    slow:5ms, slow_prompt:1ms, slow_load:50ms   per generated token, per decoded prompt token, per load
    load_failed:go       refuses to load that expert
    size:go=1000000      its bytes; then no file is needed
    rss:2x               reports twice the memory
    no_hello, protocol:2 never greets, greets with that version
    probability:0.5      of each token (default 0.9)
    no_fim               has no FIM tokens
    stderr:TEXT          writes TEXT to stderr when it starts
    once:FILE  faults happen only while FILE does not exist, and the first one makes it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FAULT = re.compile(
    r"(?P<what>die|exit|hang|stall|garbage|longline|half|stray|print)(?P<code>\d+)?(?::(?P<argument>\w+))?"
    r"(?:@(?P<when>[a-z]+)(?P<nth>\d+)?(?::(?P<expert>[^+]+))?)?(?P<extra>\+extra_bufts)?"
)
_SETTINGS = (
    "slow", "slow_prompt", "slow_load", "rss", "no_hello", "protocol", "probability", "stderr", "no_fim", "once",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    what: str
    argument: str = ""
    when: str = "complete"
    nth: int = 0  # 0: every time
    expert: str = ""  # "": any
    extra_bufts: bool = False  # only for loads with extra buffer types


@dataclass
class Script:
    """All faults and settings of one fake process; counts what happened."""

    faults: tuple[Fault, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    load_failed: frozenset[str] = frozenset()
    sizes: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def due(self, when: str, expert: str, *, extra_bufts: bool = False) -> list[Fault]:
        """The faults that happen now. To be called once each time `when` happens."""
        count = self._counts[when] = self._counts.get(when, 0) + 1
        return [
            fault
            for fault in self.faults
            if fault.when == when
            and fault.nth in (0, count)
            and fault.expert in ("", expert)
            and (extra_bufts or not fault.extra_bufts)
        ]

    def seconds(self, name: str) -> float:
        """A time setting in seconds, 0 if it is not set."""
        text = self.settings.get(name, "0")
        return float(text.removesuffix("ms")) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))

    def number(self, name: str, default: float) -> float:
        """A number setting; a trailing `x` is ignored."""
        return float(self.settings[name].removesuffix("x")) if name in self.settings else default


def parse(arguments: list[str]) -> Script:
    """The script of `arguments`; SystemExit names one that is unknown."""
    faults: list[Fault] = []
    settings: dict[str, str] = {}
    refused: set[str] = set()
    sizes: dict[str, int] = {}
    for argument in arguments:
        name, _, value = argument.partition(":")
        found = _FAULT.fullmatch(argument)
        if found:
            faults.append(_fault(found))
        elif name == "load_failed":
            refused.add(value)
        elif name == "size":
            expert, _, size = value.rpartition("=")
            sizes[expert] = int(size)
        elif name in _SETTINGS:
            settings[name] = value
        else:
            raise SystemExit(f"{__doc__}\nunknown fault {argument!r}")
    return Script(tuple(faults), settings, frozenset(refused), sizes)


def _fault(found: re.Match[str]) -> Fault:
    return Fault(
        what=found["what"],
        argument=found["argument"] or found["code"] or "",
        when=found["when"] or "complete",
        nth=int(found["nth"] or 0),
        expert=found["expert"] or "",
        extra_bufts=bool(found["extra"]),
    )
