"""One simulated host: an engine with slots, a queue before them, and prompts that it keeps. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from lsp_experts.lab.team.load import Cost
from lsp_experts.lab.team.rates import EngineRates

# vLLM's and llama.cpp's default for tokens in one batch (max_num_batched_tokens; --batch-size).
_STEP_TOKENS = 2048


class Request:
    """A keystroke's request on its way."""

    __slots__ = ("place", "since_s", "superseded", "to_read", "to_write", "user")

    def __init__(self, user: int, place: int, since_s: float) -> None:
        self.user, self.place, self.since_s = user, place, since_s
        self.to_read = self.to_write = 0
        self.superseded = False


@dataclass(frozen=True)
class HostKind:
    """What all hosts are like. `slots` answers are made at once; prompts of `kept_tokens` are kept, the last ones."""

    rates: EngineRates
    slots: int
    kept_tokens: int


class Host:
    """Its engine takes steps while there is work: `begin_step` gives a step's seconds, `end_step` its answers."""

    def __init__(self, kind: HostKind, place_tokens: float) -> None:
        self._kind = kind
        self._keeps = max(1, int(kind.kept_tokens / max(1.0, place_tokens)))
        self._kept: OrderedDict[int, int] = OrderedDict()  # user -> the place whose prompt is kept
        self._waiting: deque[Request] = deque()
        self._working: list[Request] = []
        self.steps = False  # a step is under way

    @property
    def load(self) -> int:
        """Requests that wait or are worked on, superseded ones too until the host notices."""
        return len(self._waiting) + len(self._working)

    def knows(self, user: int, place: int) -> bool:
        """Whether it has the prompt of that place."""
        return self._kept.get(user) == place

    def keep(self, user: int, place: int) -> None:
        """The prompt of that place is kept, and the one that was not used for longest may go."""
        self._kept[user] = place
        self._kept.move_to_end(user)
        if len(self._kept) > self._keeps:
            self._kept.popitem(last=False)

    def take(self, request: Request, cost: Cost) -> None:
        """A request arrives."""
        request.to_read, request.to_write = max(1, cost.prompt_tokens), max(1, cost.answer_tokens)
        self._waiting.append(request)

    def begin_step(self) -> float:
        """Seconds of the step that begins now, 0.0 where there is nothing to do."""
        working, waiting = self._working, self._waiting
        while waiting and len(working) < self._kind.slots:
            request = waiting.popleft()
            if not request.superseded:
                working.append(request)
        self.steps = bool(working)
        if not working:
            return 0.0
        room, writing = _STEP_TOKENS, 0
        for request in working:
            if request.to_read > 0:
                part = min(request.to_read, room)
                request.to_read -= part
                room -= part
            else:
                writing += 1
        return self._kind.rates.step(_STEP_TOKENS - room, writing)

    def end_step(self) -> list[Request]:
        """The step is over: the requests that have their answers. A prompt that was read gives the first token."""
        self.steps = False
        done: list[Request] = []
        going_on: list[Request] = []
        for request in self._working:
            if request.to_read == 0:
                self.keep(request.user, request.place)
                request.to_write -= 1
            if request.superseded:
                continue  # its connection is closed: engines look between two steps
            (going_on if request.to_write > 0 else done).append(request)
        self._working = going_on
        return done
