"""Answers a question about the selected code, or about the file round the cursor."""

from __future__ import annotations

import re

from lsp_experts.actions.code_answer import block_of
from lsp_experts.actions.flaws import FENCE
from lsp_experts.actions.generator import Generator, Progress
from lsp_experts.actions.instruction import checked, sentence, shortened
from lsp_experts.actions.outcome import Told
from lsp_experts.actions.place import Place
from lsp_experts.completion.chat import Turn
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.shown_path import shown_path
from lsp_experts.completion.symbols import symbols
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

# A context of 2,048 tokens at three bytes a token, less the outline and the answer.
_MOST_BYTES = 4000  # of the code and the question
_LEAST_CODE_BYTES = 1500
_MOST_OUTLINE_CHARS = 600
_STOP = Stop(max_tokens=320, max_lines=60)
_SYSTEM = Turn("system", "You answer questions of programmers about their code, briefly and exactly.")
_SENTENCE_END = re.compile(r"[.!?:][\"')`*]*(?=\s|\Z)")


async def ask(place: Place, question: str, whole: bool, generator: Generator, progress: Progress) -> Told:
    """An answer in Markdown, about the file if it is `whole` or nothing is selected.

    ActionRefused where the question is empty or too long, the selection is too long, or no answer comes.
    """
    asked = checked(question, "question")
    room = max(_LEAST_CODE_BYTES, _MOST_BYTES - _bytes(asked))
    about = _file(place, room) if whole or not place.selected.strip() else _selection(place, room)
    turns = [_SYSTEM, Turn("user", f"{about}\n\n{sentence(asked)}")]
    said = await generator.follow(place.language, turns, _STOP, prose=True, progress=progress)
    text = readable(said.text, finished=said.finished)
    if not text:
        raise ActionRefused(f"{said.expert} gave no answer.", remedy="Ask it otherwise, or select less.")
    return Told.by(said.expert, shortened(asked), text)


def readable(text: str, *, finished: bool) -> str:
    """An answer with whole sentences and closed code blocks, and no line of prose twice. "" if nothing is left."""
    kept: list[str] = []
    seen: set[str] = set()
    fence = ""
    for line in plain_newlines(text).strip().split("\n"):
        if FENCE.match(line):
            fence = "" if fence else line.strip()[:3]
        elif not fence and line.strip():
            if line.strip() in seen:
                break
            seen.add(line.strip())
        kept.append(line.rstrip())
    if not finished and kept:
        last = kept.pop()
        kept.append("" if fence else _whole_sentences(last))
    while kept and (not kept[-1].strip() or (fence and FENCE.match(kept[-1]))):
        fence = fence if kept[-1].strip() == "" else ""
        kept.pop()
    return "\n".join((*kept, fence) if fence else kept)


def _whole_sentences(line: str) -> str:
    ends = [found.end() for found in _SENTENCE_END.finditer(line)]
    return line[: ends[-1]] if ends else ""


def _selection(place: Place, room: int) -> str:
    start, end = place.lines
    code = plain_newlines(place.text[start:end])
    if _bytes(code) > room:
        raise ActionRefused("The selection is too long for an expert's context.", remedy="Select less.")
    return f"This is a part of {shown_path(place.view.uri, place.language)}:\n\n{block_of(code, place.language)}"


def _file(place: Place, room: int) -> str:
    """As much of the text as has room, whole lines round the cursor, and what the rest of it defines."""
    text, path = plain_newlines(place.text), shown_path(place.view.uri, place.language)
    lines = text.split("\n")
    first = last = plain_newlines(place.text[: place.start]).count("\n")
    if _bytes(lines[first]) > room:
        lines[first] = lines[first][: room // 4]
    room -= _bytes(lines[first])
    while room > 0 and (first > 0 or last < len(lines) - 1):
        above = _bytes(lines[first - 1]) if first > 0 else room + 1
        below = _bytes(lines[last + 1]) if last < len(lines) - 1 else room + 1
        if above > room and below > room:
            break
        if above <= room:
            first, room = first - 1, room - above
        if below <= room:
            last, room = last + 1, room - below
    shown = "\n".join(lines[first : last + 1])
    if len(lines) == last - first + 1:
        return f"This is {path}:\n\n{block_of(shown.strip(chr(10)), place.language)}"
    outline = _outline(place, shown)
    said = f"This is {path}, lines {first + 1} to {last + 1} of {len(lines)}:\n\n{block_of(shown, place.language)}"
    return f"{said}\n\nThe rest of it defines:\n\n{block_of(outline, place.language)}" if outline else said


def _bytes(line: str) -> int:
    return len(line.encode("utf-8", "replace")) + 1


def _outline(place: Place, shown: str) -> str:
    lines, room = [], _MOST_OUTLINE_CHARS
    for definition in symbols(place.tree):
        line = f"    {definition.line}" if definition.owner else definition.line
        if not re.search(rf"\b{re.escape(definition.name)}\b", shown) and len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)
