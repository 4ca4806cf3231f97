"""Writes a file that does not exist yet, or is empty."""

from __future__ import annotations

from collections.abc import Callable

from lsp_experts.actions.code_answer import code_of, opening_of, stop_of
from lsp_experts.actions.flaws import flaw
from lsp_experts.actions.generator import Generator
from lsp_experts.completion.chat import Turn
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.tree import SyntaxTree

_ROLE = "You are a coding assistant. Answer with code only."
_TRIES = 2


async def write_file(
    path: str, language: str, instruction: str, generator: Generator, progress: Callable[[str], None]
) -> str:
    """The text of the new file. ActionRefused where what comes is no code of this language, twice."""
    why = ""
    for _ in range(_TRIES):
        told = f"Write the file {path} ({language}). {instruction}"
        told += f"\n\nYour last answer was not usable: {why}." if why else ""
        turns = (Turn("system", _ROLE), Turn("user", told))
        said = await generator.follow(language, turns, stop_of(""), answer=opening_of("", language), progress=progress)
        code = code_of(said.text, language)
        why = flaw(SyntaxTree(language), 0, 0, code) if said.finished else "it did not end"
        if not why:
            return f"{code}\n"
    raise ActionRefused(f"what {said.expert} wrote cannot be used: {why}.")
