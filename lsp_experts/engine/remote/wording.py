"""A prompt of segments as the one text that a host takes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsp_experts.engine.protocol import Segment
from lsp_experts.errors import EngineError


def worded(segments: Sequence[Segment], controls: Sequence[str]) -> str:
    """The text of `segments`. EngineError("bad_request") where user text spells one of `controls`, across seams too.

    The host reads control texts wherever they stand, so such a text cannot be said to it as text.
    """
    text = "".join(segment.text for segment in segments)
    allowed = tuple(_control_spans(segments))
    for control in controls:
        for start in _places(text, control):
            if not any(first <= start and start + len(control) <= end for first, end in allowed):
                raise EngineError("bad_request", "The text spells a control token, no host could tell it from one.")
    return text


def _control_spans(segments: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    at = 0
    for segment in segments:
        if segment.control:
            yield at, at + len(segment.text)
        at += len(segment.text)


def _places(text: str, control: str) -> Iterator[int]:
    at = text.find(control) if control else -1
    while at >= 0:
        yield at
        at = text.find(control, at + 1)
