"""How fast each expert reads and writes here, and so how long a new prompt may be. Pure but for what it has seen."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.settings import Settings

# Before anything was measured: a 0.5B model on two slow cores takes 13, on a current laptop 2 to 4.
_ASSUMED_MS_PER_TOKEN = 8.0
CHARS_PER_TOKEN = 3.0  # of code, rather low: markup and names have fewer
_LEAST_TOKENS = 16  # a report about fewer says more of the overhead than of the pace
_LEAST_CHARS = 120
_LEAST_DECODED = 4  # of fewer generated tokens the first one's time is too much
_MEMORY = 0.5  # weight of what was known when a new report comes


class Pace:
    """Milliseconds per prompt token and per generated token, per expert, as its reports showed them."""

    def __init__(self) -> None:
        self._ms_per_token: dict[str, float] = {}
        self._decode_ms: dict[str, float] = {}

    def observe(self, expert: str, report: CompleteReport) -> None:
        """Learn from a completion: from its prompt and from its text, where they are long enough to say something."""
        if report.prompt_tokens >= _LEAST_TOKENS:
            _learn(self._ms_per_token, expert, report.first_token_ms / report.prompt_tokens)
        if report.decoded_tokens >= _LEAST_DECODED:
            writing_ms = report.total_ms - report.first_token_ms
            _learn(self._decode_ms, expert, writing_ms / (report.decoded_tokens - 1))

    def measured(self, expert: str) -> tuple[float, float]:
        """Milliseconds per prompt token and per generated token; 0.0 is not known yet."""
        return self._ms_per_token.get(expert, 0.0), self._decode_ms.get(expert, 0.0)

    def ms_per_token(self, expert: str) -> float:
        """What is known of `expert`; else the slowest that was seen; else an assumption."""
        slowest = max(self._ms_per_token.values(), default=_ASSUMED_MS_PER_TOKEN)
        return self._ms_per_token.get(expert, slowest)

    def room_chars(self, expert: str, taken_chars: int, settings: Settings) -> int:
        """Characters that a new prompt of `taken_chars` has left for other files within `first_suggestion_ms`."""
        chars = settings.first_suggestion_ms / self.ms_per_token(expert) * CHARS_PER_TOKEN
        return max(0, min(settings.context_chars, int(chars) - taken_chars))

    def fitted(self, expert: str, settings: Settings) -> Settings:
        """`settings` with as much text for a new prompt as `first_suggestion_ms` allows, in the same proportions."""
        chars = settings.first_suggestion_ms / self.ms_per_token(expert) * CHARS_PER_TOKEN
        share = min(1.0, chars / (settings.prefix_chars + settings.suffix_chars))
        return replace(
            settings,
            prefix_chars=min(settings.prefix_chars, max(_LEAST_CHARS, int(settings.prefix_chars * share))),
            suffix_chars=min(settings.suffix_chars, max(_LEAST_CHARS, int(settings.suffix_chars * share))),
        )


def _learn(known: dict[str, float], expert: str, seen: float) -> None:
    known[expert] = _MEMORY * known.get(expert, seen) + (1 - _MEMORY) * seen
