"""Asks an expert for something fit, and once more if its answer has a flaw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from lsp_experts.actions.code_answer import block_of
from lsp_experts.actions.generator import Generator, Progress, Said
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

_SYSTEM = Turn("system", "You are a coding assistant. Answer with code only.")
T = TypeVar("T")


@dataclass(frozen=True)
class Asked(Generic[T]):
    """A question whose answer is code. `opening` is how the answer begins; `read` gives what was meant, its code, and
    its flaw ("" if it is fit). `again` is added when the flaw is named.
    """

    language: str
    question: str
    opening: str
    stop: Stop
    read: Callable[[Said], tuple[T, str, str]]
    again: str


async def fit_answer(asked: Asked[T], generator: Generator, progress: Progress) -> T:
    """The first answer without a flaw. ActionRefused, with the reason, where the second has one too."""
    question = Turn("user", asked.question)
    turns = [_SYSTEM, question]
    for tries_left in (1, 0):
        said = await generator.follow(asked.language, turns, asked.stop, answer=asked.opening, progress=progress)
        meant, code, flaw = asked.read(said)
        if not flaw:
            return meant
        if tries_left:
            progress(f"{said.expert} tries again: {flaw}")
            told = Turn("user", f"That is not right: {flaw}. {asked.again}")
            turns = [_SYSTEM, question, Turn("assistant", block_of(code, asked.language)), told]
    raise ActionRefused(f"What {said.expert} wrote is not fit: {flaw}; nothing was changed.")
