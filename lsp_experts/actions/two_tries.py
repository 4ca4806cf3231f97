"""Asks an expert for something fit, and once more if its answer has a flaw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from lsp_experts.actions.code_answer import block_of
from lsp_experts.actions.flaws import UNCHANGED
from lsp_experts.actions.generator import Generator, Progress, Said
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

_SYSTEM = Turn("system", "You are a coding assistant. Answer with code only.")
_MOST_SHOWN_CHARS = 1600  # of an answer with a flaw; a context of 2,048 tokens holds some 5,000
T = TypeVar("T")


@dataclass(frozen=True)
class Asked(Generic[T]):
    """A question whose answer is code. `opening` is how the answer begins; `read` gives what was meant, its code, and
    its flaw ("" if it is fit). `again` is added when the flaw is named, `unchanged` when it is UNCHANGED.
    """

    language: str
    question: str
    opening: str
    stop: Stop
    read: Callable[[Said], tuple[T, str, str]]
    again: str
    unchanged: str = ""


async def fit_answer(asked: Asked[T], generator: Generator, progress: Progress) -> T:
    """The first answer without a flaw. ActionRefused, with both reasons, where the second has one too."""
    question = Turn("user", asked.question)
    turns = [_SYSTEM, question]
    first = ""
    while True:
        said = await generator.follow(asked.language, turns, asked.stop, answer=asked.opening, progress=progress)
        meant, code, flaw = asked.read(said)
        if not flaw:
            return meant
        if first:
            raise ActionRefused(f"What {said.expert} wrote is not fit: {_both(first, flaw)}; nothing was changed.")
        first = flaw
        progress(f"{said.expert} tries again: {flaw}")
        shown = block_of(code[:_MOST_SHOWN_CHARS], asked.language)
        turns = [_SYSTEM, question, Turn("assistant", shown), Turn("user", _told(asked, flaw))]


def _told(asked: Asked[T], flaw: str) -> str:
    if flaw == UNCHANGED and asked.unchanged:
        return f"That is the same code. {asked.unchanged}"
    return f"That is not right: {flaw}. {asked.again}"


def _both(first: str, second: str) -> str:
    return f"{first} (twice)" if first == second else f"{first}, and when asked again {second}"
