"""What asking now would cost. Pure."""

from __future__ import annotations

from lsp_experts.completion.anchor import holds
from lsp_experts.completion.pace import CHARS_PER_TOKEN, Pace
from lsp_experts.completion.session import Session
from lsp_experts.settings import Settings

_TYPED_TOKENS = 2  # that a keystroke behind a standing anchor decodes: `bench latency` saw 1.3 to 1.5
_SHOWN_TOKENS = 8  # of a line's rest, typically


def expected_ms(pace: Pace, session: Session, expert: str, offset: int, settings: Settings) -> float:
    """Milliseconds in the engine until a line's rest is there: a few tokens behind an anchor that holds, else all."""
    text, anchor = session.view.text, session.anchors.get(expert)
    prompt_ms, token_ms = pace.ms_per_token(expert), pace.measured(expert)[1]
    tokens = float(_TYPED_TOKENS)
    if settings.prompt_style == "usual" or anchor is None or not holds(anchor, text, offset, settings):
        fitted = pace.fitted(expert, settings)
        tokens = min(len(text), fitted.prefix_chars + fitted.suffix_chars) / CHARS_PER_TOKEN
    return tokens * prompt_ms + _SHOWN_TOKENS * token_ms
