"""The drill of frames: mutated ones, each followed by a request that must be answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import psutil

from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.faults.mutated_frames import mutated_frames
from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import GO, INLINE, at, scripted

_FRAMES = 10_000
_NEXT_LIMIT_S = 10.0  # so long without an answer counts as out of step
_MOST_LOST = 3  # then the drill ends early: each costs the limit
_NEXT_MS, _GROWTH_MB = 250, 32
_MB = 1_000_000


@dataclass
class _Seen:
    """What became of the frames so far."""

    survived: int = 0
    lost: Counter[str] = field(default_factory=Counter)  # by the kind of the frame that was not got over
    answer_ms: list[float] = field(default_factory=list)


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """K1 over the shapes of P-01 to P-04."""
    count, seen = stand.times(_FRAMES), _Seen()
    async with scripted(stand) as client:
        server = psutil.Process(client.process.pid)
        await _next(client, "first")
        before_bytes = server.memory_info().rss
        for number, frame in enumerate(mutated_frames(stand.seed, count)):
            if number % 100 == 0:
                on_step("mutated frames", number, count)
            for data in frame.writes:
                client.raw(data)
            waited_ms = await _next(client, f"next {number}")
            if client.process.returncode is not None or seen.lost.total() == _MOST_LOST:
                break
            seen.survived += 1
            if waited_ms is None:
                seen.lost[f"{frame.name}{'' if frame.sound else ' (header broken)'}"] += 1
            else:
                seen.answer_ms.append(waited_ms)
        grown_mb = (server.memory_info().rss - before_bytes) / _MB if server.is_running() else 0.0
    return _rows(seen, count, grown_mb)


async def _next(client: RawClient, request_id: str) -> float | None:
    """Milliseconds until a valid request is answered; None if it is not, or not with a result."""
    started_s = time.monotonic()
    client.ask(request_id, INLINE, at(GO, 3, 1))
    answered = asyncio.ensure_future(client.until(lambda: client.answers[request_id], _NEXT_LIMIT_S))
    died = asyncio.ensure_future(client.process.wait())
    await asyncio.wait({answered, died}, return_when=asyncio.FIRST_COMPLETED)
    waited_ms = (time.monotonic() - started_s) * 1000
    for task in (answered, died):
        task.cancel()
    await asyncio.gather(answered, died, return_exceptions=True)
    answers = client.answers.pop(request_id, [])
    return waited_ms if len(answers) == 1 and "result" in answers[0] else None


def _rows(seen: _Seen, count: int, grown_mb: float) -> tuple[Row, ...]:
    times, lost = sorted(seen.answer_ms), seen.lost.total()
    worst_ms, share_ms = (times[-1], percentile(times, 0.99)) if times else (0.0, 0.0)
    where = "".join(f", {number} after {kind}" for kind, number in seen.lost.items())
    return (
        Row("K1", "malformed frames survived", f"{count}/{count}", f"{seen.survived}/{count}", seen.survived == count),
        Row("K1", "next requests lost", f"0 of {count}", f"{lost} of {seen.survived}{where}", not lost),
        Row("K1", "next valid request", f"at most {_NEXT_MS} ms", f"p99 {share_ms:.0f} ms, at most {worst_ms:.0f} ms",
            bool(times) and worst_ms <= _NEXT_MS),
        Row("K1", "memory growth over all frames", f"under {_GROWTH_MB} MB", f"{grown_mb:.1f} MB",
            grown_mb < _GROWTH_MB),
    )  # fmt: skip
