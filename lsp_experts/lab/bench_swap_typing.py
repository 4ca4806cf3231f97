"""The first suggestion after a switch that was seen coming, against the same keystroke without a switch.

Through the real server, under a budget that keeps one of two experts HOT. Somebody turns to a file, types two keys, and
turns to the other one. Each place is typed twice, in two passes: in one of them its key is the first after a switch, in
the other one it is the second.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_experts.errors import ExpertsError
from lsp_experts.lab.bench_swap_moves import Subject
from lsp_experts.lab.editor import EVERY_KEY_ASKS, Buffer, Editor, open_editor

PAUSE_S = 0.5  # before each key: less than a person takes to look round in a file
_HOT_TIMEOUT_S = 60.0
_OPTIONS = {**EVERY_KEY_ASKS, "interpreter": "none", "onBattery": "full", "maxTokens": 16}


@dataclass(frozen=True)
class TypingFigures:
    """Milliseconds over `places`, each typed both ways: the median of each file, and the mean of the files.

    `ratio`: the median of what a switch costs at the same place. `ready_ms`: median, from the switch to HOT.
    """

    same_ms: float
    switch_ms: float
    ratio: float
    ready_ms: float
    places: int
    tokens_after_switch: int  # the most that the first answer after a switch decoded of its prompt


@dataclass
class _Seen:
    """Wall times by (file, place) in milliseconds."""

    same: dict[tuple[str, int], float] = field(default_factory=dict)
    switch: dict[tuple[str, int], float] = field(default_factory=dict)
    ready: list[float] = field(default_factory=list)
    tokens_after_switch: int = 0


async def measure_typing(
    pages: Sequence[Subject], budget_bytes: int, rounds: int, on_round: Callable[[int], None]
) -> TypingFigures:
    """At least `rounds` places in the file of each of `pages`.

    ExpertsError if an expert does not become HOT or never answers.
    """
    seen = _Seen()
    visits = rounds // 2 + 2  # two places each, but for the ends
    async with open_editor({**_OPTIONS, "memoryBudgetBytes": budget_bytes}, name="lsp-experts bench") as editor:
        for keys_at_first in (1, 2):
            desks = [_Desk(editor, page, seen, f"{keys_at_first}") for page in pages]
            for visit in range(visits):
                for desk in desks:
                    await desk.visit(keys_at_first if visit == 0 else 2, counted=visit > 0)
                on_round((keys_at_first - 1) * visits + visit + 1)
    places = seen.same.keys() & seen.switch.keys()
    if not places:
        raise ExpertsError("No keystroke was answered.", remedy="`lsp-experts doctor` looks for the cause.")
    return TypingFigures(
        same_ms=_typical_ms(seen.same, places),
        switch_ms=_typical_ms(seen.switch, places),
        ratio=round(statistics.median(seen.switch[place] / seen.same[place] for place in places), 3),
        ready_ms=round(statistics.median(seen.ready), 1),
        places=len(places),
        tokens_after_switch=seen.tokens_after_switch,
    )


def _typical_ms(times: Mapping[tuple[str, int], float], places: Collection[tuple[str, int]]) -> float:
    """Suggestions are short in one file and long in the other: one median over both would jump between the two."""
    files = {file for file, _ in places}
    medians = [statistics.median(times[place] for place in places if place[0] == file) for file in files]
    return round(statistics.fmean(medians), 1)


class _Desk:
    """One open file."""

    def __init__(self, editor: Editor, page: Subject, seen: _Seen, folder: str) -> None:
        self._editor, self._page, self._seen = editor, page, seen
        replay = page.file.replay
        self._buffer = Buffer(f"file:///bench/{folder}/{replay.name}", replay.language, replay.text)
        self._keys = 0
        editor.open(self._buffer)

    async def visit(self, keys: int, *, counted: bool) -> None:
        """Turn to this file, wait until its expert is HOT, and type `keys` keys; `counted`: the first one too."""
        ready_ms = await self._arrive()
        if counted:
            self._seen.ready.append(ready_ms)
        for number in range(keys):
            await asyncio.sleep(PAUSE_S)
            await self._key(after_switch=number == 0, counted=counted or number > 0)

    async def _arrive(self) -> float:
        started = time.monotonic()
        self._editor.focus(self._buffer)
        try:
            async with asyncio.timeout(_HOT_TIMEOUT_S):
                while True:
                    known = self._editor.changes
                    if self._is_here(await self._editor.server_status()):
                        return (time.monotonic() - started) * 1000
                    await self._editor.wait_change(known)
        except TimeoutError:
            reason = self._editor.states.get(self._page.name, {}).get("reason") or "nobody asked for it"
            raise ExpertsError(
                f"{self._page.name} did not become HOT: {reason}.", remedy="`lsp-experts doctor` looks for the cause."
            ) from None

    def _is_here(self, status: Mapping[str, Any]) -> bool:
        focused = status.get("focused") or {}
        states = {state["id"]: state["state"] for state in status["experts"]}
        return focused.get("uri") == self._buffer.uri and states.get(self._page.name) == "HOT"

    async def _key(self, *, after_switch: bool, counted: bool) -> None:
        replay, place = self._page.file.replay, self._keys
        pressed = await self._editor.type(self._buffer, replay.offset + place, replay.typed[place])
        self._keys += 1
        if pressed.expert != self._page.name or not counted or not pressed.decoded_tokens:
            return
        times = self._seen.switch if after_switch else self._seen.same
        times[replay.name, place] = pressed.wall_ms
        if after_switch:
            self._seen.tokens_after_switch = max(self._seen.tokens_after_switch, pressed.prompt_tokens)
