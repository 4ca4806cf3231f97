"""Lets an expert rewrite a stretch of a document by an instruction, and takes nothing from it that is not fit."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from lsp_experts.actions.code_answer import block_of, code_of, fence_for, opening_of, stop_of
from lsp_experts.actions.flaws import fitted, flaw
from lsp_experts.actions.generator import Generator, Progress, Said
from lsp_experts.actions.kept_definitions import dropped, repeated, unimported
from lsp_experts.actions.place import Place
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.completion.document import plain_newlines
from lsp_experts.errors import ActionRefused

# A context of 2,048 tokens holds some 5,000 characters of code; with one retry it holds the stretch three times.
MOST_CHARS = 1600


def _nothing_more(new_text: str) -> str:
    return ""


async def rewritten(
    place: Place,
    start: int,
    end: int,
    instruction: str,
    generator: Generator,
    *,
    progress: Progress,
    language: str = "",
    also: Callable[[str], str] = _nothing_more,
    instruction_last: bool = False,
) -> str:
    """What shall stand instead of the whole lines from `start` to `end`, by the expert for the language.

    `instruction` ends with a full stop. `also` names a further flaw of a text. `instruction_last`: it stands
    behind the code, where a small expert follows it rather than repeats the code. ActionRefused where the stretch is
    too long, and where two answers have a flaw.
    """
    language = language or place.language
    code = shown(place.text[start:end])
    fence = fence_for(code)
    parts = (instruction, block_of(code, language))

    def read(said: Said) -> tuple[str, str, str]:
        answer = _without_echo(code_of(said.text, language, fence), instruction)
        new_text = fitted(place.tree, start, end, answer)
        return new_text, answer, _flaw(place, start, end, new_text, instruction, said.finished) or also(new_text)

    asked = Asked(
        language,
        "\n\n".join(parts[::-1] if instruction_last else parts),
        opening_of(code, language),
        stop_of(code),
        read,
        "Answer with the whole corrected code.",
        unchanged=instruction,
    )
    return await fit_answer(asked, generator, progress)


def shown(text: str) -> str:
    """A stretch as an expert sees it. ActionRefused if it is too long."""
    code = textwrap.dedent(plain_newlines(text)).strip("\n")
    if len(code) > MOST_CHARS:
        fit = code[:MOST_CHARS].count("\n")
        raise ActionRefused(
            f"The {code.count(chr(10)) + 1} selected lines are too long for an expert's context.",
            remedy=f"The first {fit} would fit.",
        )
    return code


def _without_echo(code: str, instruction: str) -> str:
    """Without first lines that only begin to say what was asked for."""
    lines = code.split("\n")
    while lines and (bare := lines[0].strip(" :.#/*")) and " " in bare and instruction.startswith(bare):
        del lines[0]
    return "\n".join(lines)


def _flaw(place: Place, start: int, end: int, new_text: str, instruction: str, finished: bool) -> str:
    if not finished:
        return "it did not come to an end"
    if not new_text.strip():
        return "it holds no code"
    tree = place.tree
    return (
        flaw(tree, start, end, new_text)
        or dropped(tree, start, end, new_text, instruction)
        or unimported(tree, start, end, new_text)
        or repeated(tree, start, end, new_text)
    )
