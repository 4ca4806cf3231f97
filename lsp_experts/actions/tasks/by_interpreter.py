"""Asks the general expert that holds the context which file needs which step, and believes only what it can check."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_experts.actions.generator import Generator
from lsp_experts.actions.tasks.clauses import words
from lsp_experts.actions.tasks.split import MAX_STEPS, Step, Target
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

# Smaller ones are not asked. Of eight tasks over three files Qwen2.5-Coder-0.5B (491 MB) split two rightly, the rule
# four, and where it named other files than the rule it was wrong.
SMALL_BYTES = 700 * 1000 * 1000
_OUTLINE_CHARS = 2400  # of all files together: some 800 tokens of a context of 2,048
_MAX_TOKENS = 300
_ROLE = "You split a programming task into steps, one step for each file that has to change."
_FORM = (
    "Answer with one line for each step, and nothing else. A line is the file's name, a colon, and what to do in that "
    "file, in the words of the task."
)
_LINE = re.compile(r"^(?:\d+[.)]\s+|[-*]\s+)?[`*]*(?P<path>[^\s:`*]+)[`*]*\s*:\s*[*]*\s*(?P<told>.*)$")


@dataclass(frozen=True)
class Answered:
    """The steps, or why the answer cannot be used."""

    steps: tuple[Step, ...] = ()
    why_not: str = ""


async def ask_interpreter(
    instruction: str,
    targets: Sequence[Target],
    language: str,
    generator: Generator,
    progress: Callable[[str], None],
) -> Answered:
    """The split by the general expert that would answer in `language`. Why not, where it is too small or fails."""
    expert = generator.expert_for(language, prose=True)
    if not expert:
        return Answered(why_not="no installed expert follows instructions")
    size_bytes = generator.size_of(expert)
    if size_bytes is not None and size_bytes < SMALL_BYTES:
        return Answered(why_not=f"{expert} is too small to be asked")
    turns = (Turn("system", _ROLE), Turn("user", _question(instruction, targets)))
    stop = Stop(max_tokens=_MAX_TOKENS, max_lines=2 * MAX_STEPS)
    try:
        said = await generator.follow(language, turns, stop, prose=True, progress=progress)
    except ActionRefused as error:
        return Answered(why_not=f"the interpreter was not able to: {error.message}")
    return read(said.text, instruction, targets) if said.finished else Answered(why_not="the answer did not end")


def read(answer: str, instruction: str, targets: Sequence[Target]) -> Answered:
    """The steps of an answer that is nothing but lines `path: instruction`, each of them about the task. Pure."""
    by_path = {target.path: target for target in targets}
    steps: list[Step] = []
    for line in filter(None, (line.strip() for line in answer.splitlines())):
        found = _LINE.match(line)
        if found is None:
            return Answered(why_not="the interpreter's answer was not a list of files and steps")
        target, told = by_path.get(found["path"]), found["told"].strip()
        if target is None:
            return Answered(
                why_not=f"the interpreter's answer named {found['path']:.60}, which is not one of the files"
            )
        if problem := _problem(told, instruction):
            return Answered(why_not=f"the interpreter's step for {target.path} {problem}")
        steps.append(Step(target.uri, told))
    if not steps:
        return Answered(why_not="the interpreter's answer named no file")
    if len(steps) > MAX_STEPS:
        return Answered(why_not=f"the interpreter's answer had more than {MAX_STEPS} steps")
    missing = [target.path for target in targets if target.named and target.uri not in {step.uri for step in steps}]
    if missing:
        return Answered(why_not=f"the interpreter's answer left out {', '.join(missing)}")
    return Answered(tuple(steps))


def _problem(told: str, instruction: str) -> str:
    """Why a step cannot be one of this task: it has to be part of it, in its words."""
    if not told:
        return "was empty"
    if len(told) > len(instruction):
        return "was longer than the task"
    spoken = words(told)
    if not spoken & words(instruction):
        return "spoke of something else"
    return ""


def _question(instruction: str, targets: Sequence[Target]) -> str:
    room = _OUTLINE_CHARS // max(1, len(targets))
    files = "\n".join(f"- {target.path} ({target.language}): {_outline(target, room)}" for target in targets)
    return f"Files:\n{files}\n\nTask: {instruction.strip()}\n\n{_FORM}"


def _outline(target: Target, room: int) -> str:
    if target.creates:
        return "a new file"
    shown: list[str] = []
    for _, line in target.defines:
        if sum(map(len, shown)) + len(line) > room:
            break
        shown.append(line)
    return "; ".join(shown) or "no definitions"
