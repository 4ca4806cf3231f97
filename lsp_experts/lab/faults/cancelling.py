"""The drill of cancelling: a request that the user made, taken back while the model writes."""

from __future__ import annotations

import time
from functools import partial

from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import GO, INLINE, at, busy, scripted

_CANCELS = 200
_TOKEN_MS = 200
_ANSWER_MS = 50
_CANCELLED = -32800
_SAYS = "return " + " + ".join(f"a{number}" for number in range(100))


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """P-12. What an editor asks by itself flies on for the next key (completion/flights.py), and is not looked at."""
    count, refused = stand.times(_CANCELS), 0
    answer_ms, stop_ms = [], []
    async with scripted(stand, f"slow:{_TOKEN_MS}ms", says=_SAYS) as client:
        await busy(client, wanted=False)  # it was getting ready for the document
        for number in range(count):
            on_step("cancelled requests", number, count)
            client.ask(number, INLINE, at(GO, 3, 1))
            await busy(client)
            cancelled_s = time.monotonic()
            client.notify("$/cancelRequest", {"id": number})
            await client.until(partial(client.answers.get, number))
            answer_ms.append((time.monotonic() - cancelled_s) * 1000)
            refused += client.answers[number][0].get("error", {}).get("code") == _CANCELLED
            await busy(client, wanted=False)
            stop_ms.append((time.monotonic() - cancelled_s) * 1000)
    answer_ms.sort()
    stop_ms.sort()
    answered, stopped = percentile(answer_ms, 0.99), percentile(stop_ms, 0.99) / _TOKEN_MS
    return (
        Row("P-12", "cancelled requests answered as cancelled", f"{count}/{count}", f"{refused}/{count}",
            refused == count),
        Row("P-12", "cancel to answer, p99", f"at most {_ANSWER_MS} ms", f"{answered:.1f} ms", answered <= _ANSWER_MS),
        Row("P-12", "cancel to a free engine, p99", "within 1 token", f"{stopped:.2f} tokens of {_TOKEN_MS} ms",
            stopped <= 1),
    )  # fmt: skip
