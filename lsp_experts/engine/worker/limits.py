"""What ends a completion besides its text: cancellation, its number of tokens, its time, a more urgent request."""

from __future__ import annotations

import time

from lsp_experts.engine.protocol import Complete
from lsp_experts.engine.worker.prompting import Superseded, Turn
from lsp_experts.engine.worker.voice import Voice


class Limits:
    """The limits of one request, the same for all its choices."""

    def __init__(self, request: Complete, turn: Turn) -> None:
        self._stop, self._gives_way, self._turn = request.stop, request.gives_way, turn
        self.first = 0.0  # when the first token came, time.monotonic() in seconds; 0.0: none yet

    def check(self) -> None:
        """To be called before each decode: raises Superseded."""
        if self._turn.cancelled():
            raise Superseded

    def judge(self, voice: Voice) -> None:
        """To be called after each token: ends `voice` where it has used up its tokens or its time, or gives way."""
        now = time.monotonic()
        self.first = self.first or now
        if voice.ended is not None:
            return
        if self.tokens_left(voice) < 1:
            voice.end("tokens")
        elif self._stop.time_ms and (now - self.first) * 1000 >= self._stop.time_ms and not voice.must:
            voice.end("time")
        elif self._gives_way and self._turn.must_yield():
            voice.give_way()

    def tokens_left(self, voice: Voice) -> int:
        """How many more tokens `voice` may say."""
        return self._stop.max_tokens - len(voice.tokens)
