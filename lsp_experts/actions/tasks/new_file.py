"""Writes a file that does not exist yet, or is empty."""

from __future__ import annotations

from lsp_experts.actions.code_answer import code_of, opening_of, stop_of
from lsp_experts.actions.flaws import flaw
from lsp_experts.actions.generator import Generator, Progress, Said
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.syntax.tree import SyntaxTree


async def write_file(path: str, language: str, instruction: str, generator: Generator, progress: Progress) -> str:
    """The text of the new file. ActionRefused where what comes is no code of this language, twice."""

    def read(said: Said) -> tuple[str, str, str]:
        code = code_of(said.text, language)
        found = flaw(SyntaxTree(language), 0, 0, code) if said.finished else "it did not come to an end"
        return f"{code}\n", code, found

    question = f"Write the file {path} ({language}). {instruction}"
    again = "Answer with the whole corrected file."
    asked = Asked(language, question, opening_of("", language), stop_of(""), read, again)
    return await fit_answer(asked, generator, progress)
