"""The script of the fake engine: which faults happen when, and what its toy numbers are. Parsed from its arguments.

Faults are WHAT[:ARGUMENT][@WHEN[N][:EXPERT]][+extra_bufts]:

    die:SIGSEGV@load       dies of a signal (default SIGKILL) at every load; @load2: at the second one only
    die@load+extra_bufts   ... only if the load asks for extra buffer types
    die:SIGKILL@token3     WHEN is load, complete, score, token, park, unpark, evict, logits, tokenize,
                           activations, quantize or state
    die@complete:go        ... only for expert go
    exit0, exit3@complete  exits with that code (default: at the first completion)
    hang@complete          stops answering anything, pings too
    stall@complete         the compute thread stops, pings are still answered
    garbage@complete       writes a line that is not JSON; longline: one over the limit; half: half a line, then exits
    close@complete         closes its pipe and lives on, so that its exit comes late
    stray@complete         answers a request that nobody made
    print@complete         prints to stdout, as a library might

Settings are NAME[:VALUE]:

    slow:5ms, slow_prompt:1ms   per generated token, per decoded token of prompts and scored texts
    slow_load:50ms       per load that finds no weights to share
    slow_park:50ms, slow_unpark:50ms, slow_evict:50ms
    load_failed:go       refuses to load that expert
    oom:go, oom:go=2     no memory for its loads, for its first 2 loads
    capacity:1000000     no memory for a load or unpark that brings the sum over all toys (fake_memory.py) over it
    gpu:500000/1000000   there is a GPU with that much free and total memory
    size:go=1000000      its bytes while it is HOT; then no file is needed
    rss:2x               takes and reports twice the memory
    kv:100               bytes that a saved KV token takes (default 0)
    no_hello, protocol:1 never greets, greets with that version
    probability:0.5, probability:go=0.5   of each token (default 0.9)
    no_fim               has no FIM tokens
    stderr:TEXT          writes TEXT to stderr when it starts
    requests:FILE        appends each request to FILE as it comes
    once:FILE  faults happen only while FILE does not exist, and the first one makes it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FAULT = re.compile(
    r"(?P<what>die|exit|hang|stall|garbage|longline|half|close|stray|print)(?P<code>\d+)?(?::(?P<argument>\w+))?"
    r"(?:@(?P<when>[a-z]+)(?P<nth>\d+)?(?::(?P<expert>[^+]+))?)?(?P<extra>\+extra_bufts)?"
)
_SETTINGS = (
    "slow", "slow_prompt", "slow_load", "slow_park", "slow_unpark", "slow_evict", "capacity", "gpu", "rss", "kv",
    "no_hello", "protocol", "stderr", "no_fim", "once", "requests",
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
    oom: dict[str, float] = field(default_factory=dict)  # loads that find no memory, still to come
    probabilities: dict[str, float] = field(default_factory=dict)  # "": of all that are not named
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

    def runs_out_of_memory(self, expert: str) -> bool:
        """Whether this load of `expert` finds no memory. To be called once each load."""
        left = self.oom.get(expert, 0)
        self.oom[expert] = left - 1
        return left > 0

    def probability(self, expert: str) -> float:
        """The probability of each token that `expert` says."""
        return self.probabilities.get(expert, self.probabilities.get("", 0.9))

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
    refused: set[str] = set()
    script = Script()
    for argument in arguments:
        name, _, value = argument.partition(":")
        expert, equals, number = value.rpartition("=")
        found = _FAULT.fullmatch(argument)
        if found:
            faults.append(_fault(found))
        elif name == "load_failed":
            refused.add(value)
        elif name == "size":
            script.sizes[expert] = int(number)
        elif name == "oom":
            script.oom[expert or value] = int(number) if equals else float("inf")
        elif name == "probability":
            script.probabilities[expert] = float(number)
        elif name in _SETTINGS:
            script.settings[name] = value
        else:
            raise SystemExit(f"{__doc__}\nunknown fault {argument!r}")
    script.faults, script.load_failed = tuple(faults), frozenset(refused)
    return script


def _fault(found: re.Match[str]) -> Fault:
    return Fault(
        what=found["what"],
        argument=found["argument"] or found["code"] or "",
        when=found["when"] or "complete",
        nth=int(found["nth"] or 0),
        expert=found["expert"] or "",
        extra_bufts=bool(found["extra"]),
    )
