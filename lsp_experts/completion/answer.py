"""What a completion request gets: a suggestion, or a named silence (silence.py)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suggestion:
    """Text to insert at the cursor; `replace_right` code points right of it, on the same line, are replaced.

    `expert_reason` is routing's word for why this expert answered. Times are milliseconds in the engine, tokens exact.
    """

    text: str
    replace_right: int
    expert: str
    expert_reason: str
    prompt_tokens: int = 0
    decoded_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    joint_probability: float = 1.0
    reused: bool = False
    language: str = ""  # of the region it stands in
    identity: str = ""  # sha256 of the file of its expert
    others: tuple[Suggestion, ...] = ()  # other texts for the same place, the best first
