"""What a user asks for in words: bounded, and not empty. Pure."""

from __future__ import annotations

from lsp_experts.errors import ActionRefused

MOST_CHARS = 2000  # leaves half of a context of 2,048 tokens for code
_LABEL_CHARS = 60


def checked(text: str, what: str) -> str:
    """`text` without blanks round it. ActionRefused if it is empty or too long; `what`: "question", "instruction"."""
    bare = text.strip()
    if not bare:
        raise ActionRefused(f"The {what} is empty.", remedy="Say it in the argument's field `instruction`.")
    if len(bare) > MOST_CHARS:
        raise ActionRefused(
            f"The {what} has {len(bare):,} characters, {MOST_CHARS:,} are the most.", remedy="Say it shorter."
        )
    return bare


def shortened(text: str) -> str:
    """One line of it, for a label."""
    line = " ".join(text.split())
    return line if len(line) <= _LABEL_CHARS else line[: _LABEL_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def sentence(text: str) -> str:
    """With an end."""
    return text if text.endswith((".", "!", "?", ":", "`")) else f"{text}."
