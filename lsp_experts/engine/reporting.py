"""The report of a finished completion, the same way for the engine and its fake."""

from __future__ import annotations

import math
import time

from lsp_experts.engine.protocol import Choice, CompleteReport, StopReason


def report(
    text: str,
    stop: StopReason,
    prompt: int,
    cached: int,
    generated: int,
    started: float,
    first: float,
    lines: tuple[float, ...] = (),
    *,
    others: tuple[Choice, ...] = (),
    drafted: int = 0,
    accepted: int = 0,
) -> CompleteReport:
    """A report as of now. `started` and `first` (0.0: no token came) are time.monotonic() in seconds."""
    now = time.monotonic()
    return CompleteReport(
        text=text,
        stop=stop,
        prompt_tokens=prompt,
        cached_tokens=cached,
        decoded_tokens=generated,
        first_token_ms=round(((first or now) - started) * 1000, 3),
        total_ms=round((now - started) * 1000, 3),
        joint_probability=math.prod(lines),
        line_probabilities=lines,
        others=distinct(text, others),
        drafted_tokens=drafted,
        accepted_tokens=accepted,
    )


def choice(text: str, stop: StopReason, lines: tuple[float, ...]) -> Choice:
    """One more completion of the same prompt."""
    return Choice(text, stop, math.prod(lines), lines)


def distinct(text: str, others: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Those of `others` that show something else than `text` and each other, the likeliest first."""
    seen, kept = {text.strip(), ""}, []
    for other in sorted(others, key=lambda one: -one.joint_probability):
        if other.text.strip() not in seen:
            seen.add(other.text.strip())
            kept.append(other)
    return tuple(kept)
