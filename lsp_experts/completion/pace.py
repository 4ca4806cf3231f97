"""How long a new prompt may be, so that a slow machine still answers in time. Pure but for what it has seen."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.settings import Settings

# Before anything was measured: a 0.5B model on two slow cores takes 13, on a current laptop 2 to 4.
_ASSUMED_MS_PER_TOKEN = 8.0
_CHARS_PER_TOKEN = 3.0  # of code, rather low: markup and names have fewer
_LEAST_TOKENS = 16  # a report about fewer says more of the overhead than of the pace
_LEAST_CHARS = 120
_MEMORY = 0.5  # weight of what was known when a new report comes


class Pace:
    """Milliseconds per prompt token, per expert, as its reports showed them."""

    def __init__(self) -> None:
        self._ms_per_token: dict[str, float] = {}

    def observe(self, expert: str, report: CompleteReport) -> None:
        """Learn from a completion whose prompt was decoded."""
        if report.prompt_tokens < _LEAST_TOKENS:
            return
        seen = report.first_token_ms / report.prompt_tokens
        known = self._ms_per_token.get(expert, seen)
        self._ms_per_token[expert] = _MEMORY * known + (1 - _MEMORY) * seen

    def ms_per_token(self, expert: str) -> float:
        """What is known of `expert`; else the slowest that was seen; else an assumption."""
        slowest = max(self._ms_per_token.values(), default=_ASSUMED_MS_PER_TOKEN)
        return self._ms_per_token.get(expert, slowest)

    def fitted(self, expert: str, settings: Settings) -> Settings:
        """`settings` with as much text for a new prompt as `first_suggestion_ms` allows, in the same proportions."""
        chars = settings.first_suggestion_ms / self.ms_per_token(expert) * _CHARS_PER_TOKEN
        share = min(1.0, chars / (settings.prefix_chars + settings.suffix_chars))
        return replace(
            settings,
            prefix_chars=min(settings.prefix_chars, max(_LEAST_CHARS, int(settings.prefix_chars * share))),
            suffix_chars=min(settings.suffix_chars, max(_LEAST_CHARS, int(settings.suffix_chars * share))),
        )
