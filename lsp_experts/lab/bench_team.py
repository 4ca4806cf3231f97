"""`lsp-experts bench team`: a team at one llama.cpp server, measured; at GPUs and fleets, simulated.

Measured: N users type shipped files (lab/team/users.py) into the product's prompts, each key asks through the product's
remote engine and supersedes the key before. Anchored and usual prompts take turns, each at a server of its own.
Simulated, from the sizes and pauses that were measured: one host of each known GPU (lab/team/rates.py) up to the last
user that 95 % of answers reach in time, and fleets. That the simulation tells the truth is itself measured: it is given
this machine's rates, and must find the times that the real server gave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite
from typing import Any

from lsp_experts.errors import ExpertsError, UsageError
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.peer_server import is_installed
from lsp_experts.lab.team.capacity import busy_share, hosts_needed, users_of_one_host
from lsp_experts.lab.team.fleet import Fleet, FleetFigures, simulate
from lsp_experts.lab.team.host import HostKind
from lsp_experts.lab.team.load import Load
from lsp_experts.lab.team.measured import Measured, TeamRun, measure
from lsp_experts.lab.team.rates import GPUS, Gpu
from lsp_experts.lab.team.waits import answered_share, wait_ms
from lsp_experts.lab.typed_file import KEYSTROKES

MOST_USERS = 40  # that have documents of their own
_SLOTS = 32  # of a simulated host
_ROUND_TRIP_S = 0.01  # of the network and the client, in simulations of hosts that are elsewhere
_SIMULATED_KEYS = 60_000  # of a fleet: enough for a 95th percentile, and seconds to compute
_TOKENS_RATIO, _LIKE = 0.1, 1.5
_MOST_SIMULATION_S = 60.0

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TeamBench:
    """What to measure and to simulate; `gpu` is what the fleets' hosts have."""

    run: TeamRun
    gpu: Gpu = GPUS["rtx-4090"]
    fleets: tuple[int, ...] = (100, 1_000, 10_000)


@dataclass(frozen=True)
class TeamResult:
    """`rows` have targets; the tables are figures by name."""

    rows: tuple[Row, ...]
    measured: tuple[Mapping[str, Any], ...]
    gpus: tuple[Mapping[str, Any], ...]
    fleets: tuple[Mapping[str, Any], ...]


async def bench_team(bench: TeamBench, on_step: OnStep) -> TeamResult:
    """Measure, then simulate. UsageError for too many users, ExpertsError where there is no llama.cpp server."""
    if not 1 <= bench.run.users <= MOST_USERS:
        raise UsageError(
            f"{bench.run.users} users cannot be measured.",
            remedy=f"Give 1 to {MOST_USERS}; more of them are simulated anyway.",
        )
    if not is_installed():
        raise ExpertsError("llama.cpp's server is not installed.", remedy="`pip install xllamacpp` brings it.")
    gpus_in_turn = tuple(dict.fromkeys((bench.gpu, *GPUS.values())))
    steps = 3 + len(gpus_in_turn) + len(bench.fleets)
    on_step("anchored prompts", 0, steps)
    anchored = await measure(bench.run, "anchored")
    on_step("usual prompts", 1, steps)
    usual = await measure(bench.run, "usual")
    on_step("the simulation, compared", 2, steps)
    rows = [*_token_rows(anchored, usual), *_likeness(bench.run, anchored)]
    loads = {run.style: run.load(KEYSTROKES) for run in (anchored, usual)}
    gpus = []
    for done, gpu in enumerate(gpus_in_turn, start=3):
        on_step(gpu.name, done, steps)
        gpus.append(_served_by(gpu, loads))
    fleets: list[Mapping[str, Any]] = []
    for done, users in enumerate(bench.fleets, start=steps - len(bench.fleets)):
        on_step(f"a fleet for {users:,} users", done, steps)
        table, took_s = _fleet(bench.gpu, users, loads["anchored"])
        fleets += table
        rows += _fleet_rows(users, table, took_s)
    return TeamResult(tuple(rows), tuple(_figures(run) for run in (anchored, usual)), tuple(gpus), tuple(fleets))


def _token_rows(anchored: Measured, usual: Measured) -> list[Row]:
    target = f"<= {_TOKENS_RATIO:g}"
    rows = []
    for figure, ours, theirs in (
        ("of all keystrokes while the users typed, by the server's count",
         anchored.prompt_tokens_per_key, usual.prompt_tokens_per_key),
        (f"of {KEYSTROKES} keystrokes that are all answered",
         anchored.load(KEYSTROKES).prompt_tokens_per_key, usual.load(KEYSTROKES).prompt_tokens_per_key),
    ):  # fmt: skip
        ratio = ours / theirs if theirs else inf
        rows.append(
            Row(
                "prompt tokens",
                f"decoded per keystroke {figure}: anchored / usual",
                target,
                f"{ours:.1f} / {theirs:.1f} = {ratio:.3f}",
                ratio <= _TOKENS_RATIO,
            )
        )
    return rows


def _likeness(run: TeamRun, measured: Measured) -> list[Row]:
    """The measured run, simulated with the rates that the probes gave."""
    rates, besides_s = measured.rates()
    keys_per_place = max(1, len(measured.keystrokes) // run.users)
    kind = HostKind(rates, run.slots, kept_tokens=10**9)  # all: --cache-ram keeps 8 GiB of prompts
    simulated = simulate(
        Fleet(
            run.users, 1, kind, measured.load(keys_per_place),
            round_trip_s=besides_s, seconds=_SIMULATED_KEYS / 10 / run.users, seed=run.seed,
        )
    )  # fmt: skip
    waits = measured.waits
    pairs = (("p50", wait_ms(waits, 0.5), simulated.p50_ms), ("p95", wait_ms(waits, 0.95), simulated.p95_ms))
    return [
        Row(
            "simulation",
            f"{name} of answers: simulated / measured, ms",
            f"{1 / _LIKE:.2f} to {_LIKE:g}",
            f"{_ms(made)} / {_ms(seen)}" + (f" = {made / seen:.2f}" if isfinite(made) and isfinite(seen) else ""),
            made == seen or (isfinite(made) and isfinite(seen) and 1 / _LIKE <= made / seen <= _LIKE),
        )
        for name, seen, made in pairs
    ]


def _figures(measured: Measured) -> Mapping[str, Any]:
    rates, besides_s = measured.rates()
    waits = measured.waits
    return {
        "prompts": measured.style,
        "keystrokes": len(measured.keystrokes),
        "answered": measured.count("answered"),
        "superseded": measured.count("superseded"),
        "fallbacks": measured.count("fallback"),
        "prompt_tokens_per_keystroke": round(measured.prompt_tokens_per_key, 2),
        "p50_ms": _rounded(wait_ms(waits, 0.5)),
        "p95_ms": _rounded(wait_ms(waits, 0.95)),
        "answered_share": round(answered_share(waits), 3),
        "prompt_tokens_per_s": round(rates.prompt_tokens_per_s, 1),
        "answer_tokens_per_s": round(1 / (rates.step_s + rates.token_s), 1),
        "besides_ms": round(besides_s * 1000, 1),
    }


def _served_by(gpu: Gpu, loads: Mapping[str, Load]) -> Mapping[str, Any]:
    kind = HostKind(gpu.rates, _SLOTS, gpu.kept_tokens)
    found: dict[str, Any] = {"gpu": gpu.name, "model": gpu.model, "source": gpu.source}
    for style, load in loads.items():
        served = users_of_one_host(kind, load, round_trip_s=_ROUND_TRIP_S)
        users = served.users if served else 0
        found[style] = {
            "users": users,
            "p95_ms": _rounded(served.figures.p95_ms) if served else None,
            "busy_share": round(busy_share(users, kind, load), 3),
        }
    return found


def _fleet(gpu: Gpu, users: int, load: Load) -> tuple[list[Mapping[str, Any]], float]:
    """Rows with and without affinity, and the seconds that one simulation with affinity took."""
    kind = HostKind(gpu.rates, _SLOTS, gpu.kept_tokens)
    seconds = max(3.0, min(30.0, _SIMULATED_KEYS / (users * load.keys_per_s)))
    fleet = Fleet(users, 1, kind, load, round_trip_s=_ROUND_TRIP_S, seconds=seconds)
    near = hosts_needed(fleet, _guess(fleet, load))
    if near is None:
        return [], 0.0
    started_s = time.monotonic()
    simulate(replace(fleet, hosts=near.hosts))
    took_s = time.monotonic() - started_s
    apart = replace(fleet, affinity=False)
    same = simulate(replace(apart, hosts=near.hosts))
    far = hosts_needed(apart, _guess(fleet, replace(load, following=load.first)))
    table = [_fleet_figures("on", users, near.hosts, near.figures), _fleet_figures("off", users, near.hosts, same)]
    if far is not None:
        table.append(_fleet_figures("off", users, far.hosts, far.figures))
    return table, took_s


def _guess(fleet: Fleet, load: Load) -> int:
    """Hosts for the fleet's users by what one host serves; a few more, since hashes spread users unevenly."""
    served = users_of_one_host(fleet.kind, load, round_trip_s=fleet.round_trip_s)
    return ceil(1.2 * fleet.users / served.users) if served else fleet.users


def _fleet_figures(affinity: str, users: int, hosts: int, figures: FleetFigures) -> Mapping[str, Any]:
    return {
        "users": users,
        "affinity": affinity,
        "hosts": hosts,
        "hit_share": round(figures.hit_share, 3),
        "p50_ms": _rounded(figures.p50_ms),
        "p95_ms": _rounded(figures.p95_ms),
        "answered_share": round(figures.answered_share, 3),
    }


def _fleet_rows(users: int, table: Sequence[Mapping[str, Any]], took_s: float) -> list[Row]:
    where = f"fleet of {users:,}"
    if not table:
        return [Row(where, "hosts for a p95 of 300 ms", "some", "one for each user is too slow", False)]
    on, *_, off = table
    hosts = f"{on['hosts']} / {off['hosts'] if len(table) > 2 else f'more than {users}'}"
    return [
        Row(where, "hosts for a p95 of 300 ms: with affinity / without", "fewer", hosts,
            len(table) < 3 or on["hosts"] <= off["hosts"]),
        Row(where, "seconds that a simulation takes", f"< {_MOST_SIMULATION_S:g}", f"{took_s:.1f}",
            took_s < _MOST_SIMULATION_S),
    ]  # fmt: skip


def _rounded(milliseconds: float) -> float | None:
    """For JSON, which knows no infinity: None where so many were never answered."""
    return round(milliseconds, 1) if isfinite(milliseconds) else None


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if isfinite(milliseconds) else "never"
