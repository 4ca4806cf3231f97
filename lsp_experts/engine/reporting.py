"""The report of a finished completion, the same way for the engine and its fake."""

from __future__ import annotations

import time

from lsp_experts.engine.protocol import CompleteReport, StopReason


def report(
    text: str,
    stop: StopReason,
    prompt: int,
    cached: int,
    generated: int,
    started: float,
    first: float,
    probability: float,
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
        joint_probability=probability,
    )
