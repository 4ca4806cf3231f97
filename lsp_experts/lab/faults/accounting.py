"""The drill of answers: requests of all kinds, mixed, and exactly one answer to each."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from lsp_experts.lab.faults.raw_client import RawClient, framed
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import GO, INLINE, at, scripted

_REQUESTS = 5_000
_AT_ONCE = 50  # sent without waiting for an answer
_NOT_OPEN = "file:///etc/passwd"
_KINDS = (
    "asked by hand", "asked by itself", "popup", "cancelled", "cancelled twice", "the same id again", "not open",
    "bad line", "no parameters", "unknown method", "second initialize", "status", "null id", "list id", "no JSON",
)  # fmt: skip


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """K2, and P-19 for ids that are none."""
    count, chance = stand.times(_REQUESTS), random.Random(stand.seed)
    sent: Counter[Any] = Counter()
    async with scripted(stand, "slow:3ms") as client:
        client.answers.clear()
        for number in range(count):
            sent[_send(client, chance.choice(_KINDS), number, chance)] += 1
            if number % _AT_ONCE == 0:
                on_step("mixed requests", number, count)
                await client.call(_mark(sent), "no/such")
        await client.call(_mark(sent), "shutdown")  # what still runs is answered before
        client.notify("exit")
        await client.process.wait()
    return _rows(count, sent, client.answers)


def _mark(sent: Counter[Any]) -> str:
    mark = f"mark {sent.total()}"
    sent[mark] += 1
    return mark


def _send(client: RawClient, kind: str, number: int, chance: random.Random) -> Any:
    """Send one request; the id that its answer must have."""
    place = at(GO, 3, chance.randrange(2))
    asked_id: int | str = number if number % 2 else f"{number}"
    match kind:
        case "asked by hand":
            client.ask(asked_id, INLINE, place)
        case "asked by itself":
            client.ask(asked_id, INLINE, at(GO, 3, 1, manual=False))
        case "popup":
            client.ask(asked_id, "textDocument/completion", place)
        case "cancelled" | "cancelled twice":
            client.ask(asked_id, INLINE, place)
            for _ in range(2 if kind == "cancelled twice" else 1):
                client.notify("$/cancelRequest", {"id": asked_id})
        case "the same id again":
            asked_id = f"same {number // 100}"  # some of them still run, others are answered
            client.ask(asked_id, INLINE, place)
        case "not open":
            client.ask(asked_id, INLINE, at(_NOT_OPEN, 0, 0))
        case "bad line":
            client.ask(asked_id, INLINE, at(GO, chance.choice((-1, 2**31, 1.5, "1", None, True)), 0))
        case "no parameters":
            client.ask(asked_id, INLINE)
        case "unknown method":
            client.ask(asked_id, chance.choice(("no/such", "$/such", "textDocument/hover", "")), {})
        case "second initialize":
            client.ask(asked_id, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        case "status":
            client.ask(asked_id, "lspExperts/status")
        case "null id" | "list id":
            message = {"jsonrpc": "2.0", "id": None if kind == "null id" else [number], "method": INLINE}
            client.raw(framed({**message, "params": place}))
            return None
        case _:
            client.raw(b"Content-Length: 3\r\n\r\n{{{")
            return None
    return asked_id


def _rows(count: int, sent: Counter[Any], answers: dict[Any, list[dict[str, Any]]]) -> tuple[Row, ...]:
    named = {asked_id: times for asked_id, times in sent.items() if asked_id is not None}
    right = sum(times for asked_id, times in named.items() if len(answers.get(asked_id, ())) == times)
    strange = sum(len(found) for asked_id, found in answers.items() if asked_id is not None and asked_id not in named)
    total, nameless = sum(named.values()), answers.get(None, [])
    refused = sum(answer.get("error", {}).get("code") in (-32600, -32700) for answer in nameless)
    unasked = f", {strange} answers to nobody" if strange else ""
    return (
        Row("K2", f"requests answered exactly once, {count} mixed", f"{total}/{total}", f"{right}/{total}{unasked}",
            right == total and not strange),
        Row("P-19", "requests without a usable id", f"{sent[None]}/{sent[None]} refused with id null",
            f"{refused}/{sent[None]}, {len(nameless)} answers", refused == len(nameless) == sent[None]),
    )  # fmt: skip
