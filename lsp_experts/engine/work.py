"""What an engine has computed, so that benches count what no answer shows: aborted requests, warming, speculation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Tokens since the process started."""

    decoded_tokens: int = 0  # run through models
    prompt_tokens: int = 0  # of them, tokens of prompts

    def plus(self, other: Work) -> Work:
        """Both together."""
        return Work(self.decoded_tokens + other.decoded_tokens, self.prompt_tokens + other.prompt_tokens)


def work_of(field: object) -> Work | None:
    """The "work" of an event; None where it has none."""
    if isinstance(field, list) and len(field) == 2 and all(type(count) is int for count in field):
        return Work(*field)
    return None
