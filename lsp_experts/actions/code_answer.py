"""The code in what an expert answered. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lsp_experts.actions.flaws import SENTENCE
from lsp_experts.completion.document import plain_newlines
from lsp_experts.engine.protocol import Stop
from lsp_experts.syntax.blocks import PROSE_LANGUAGES

MOST_ANSWER_TOKENS = 2048  # the settings allow fewer
_MOST_LINES = 400
# Languages that code blocks name otherwise than editors do.
_BLOCK_NAMES: Mapping[str, str] = MappingProxyType(
    {"javascriptreact": "jsx", "objective-c": "objc", "shellscript": "bash", "typescriptreact": "tsx"}
)
_FENCE = re.compile(r"^ {0,3}(?:`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t]*$", re.MULTILINE)
_NUMBER = re.compile(r" *(\d+)(?:[:|.)]| \||(?= |\t|$))[ \t]?")
_LABEL = re.compile(r"(?i)(?:answer|code|explanation|note|output|result|sure|certainly)\b[^=(]*[:!.]")
_ITEM = re.compile(r"(?:[-*]|\d+[.)]) +(.*)")


def block_of(code: str, language: str) -> str:
    """`code` as a block that a text shows; an answer that is to be code begins with the first line of one."""
    name = _BLOCK_NAMES.get(language, language)
    fence = fence_for(code)
    return f"{fence}{name}\n{code}\n{fence}"


def fence_for(code: str) -> str:
    """A fence that no line of `code` begins with."""
    fence = "```"
    while re.search(rf"^ *{fence}", code, re.MULTILINE):
        fence += "`"
    return fence


def opening_of(code: str, language: str) -> str:
    """How the answer to a question that shows `code` begins, if it is to be code of `language`."""
    return block_of(code, language).partition("\n")[0] + "\n"


def stop_of(code: str) -> Stop:
    """Where such an answer ends."""
    return Stop(max_tokens=MOST_ANSWER_TOKENS, max_lines=_MOST_LINES, texts=(f"\n{fence_for(code)}",))


def code_of(answer: str, language: str, fence: str = "```") -> str:
    """The code in an answer that began with the line that opens a block; "" if there is none.

    Of several blocks it is the first that is code. What is said before or behind it, numbers of lines, and fences but
    for those shorter than `fence` are left out.
    """
    blocks = _blocks(plain_newlines(answer), fence)
    return next((code for block in blocks if (code := _bare(block, language)).strip()), "")


def _blocks(answer: str, fence: str) -> Iterator[str]:
    """What stands between fences, and what stands before them and behind."""
    at = 0
    for found in _FENCE.finditer(answer):
        if len(found.group().split("`")) > len(fence) or "~" in found.group():
            yield answer[at : found.start()]
            at = found.end() + 1
    yield answer[at:]


def _bare(block: str, language: str) -> str:
    if language in PROSE_LANGUAGES:
        return block.strip("\n")
    lines = block.strip("\n").rstrip().split("\n")
    names = (language, _BLOCK_NAMES.get(language, language))
    while lines and (not lines[0].strip() or _is_said(lines[0]) or lines[0].strip().lower() in names):
        del lines[0]
    while lines and (not lines[-1].strip() or _is_said(lines[-1])):
        del lines[-1]
    return _without_numbers("\n".join(lines))


def _is_said(line: str) -> bool:
    """Whether this is a line for people, outside of code."""
    item = _ITEM.match(line)
    said = item.group(1).replace("*", "").strip() if item else line.strip()
    return bool(SENTENCE.fullmatch(said) or _LABEL.fullmatch(said))


def _without_numbers(code: str) -> str:
    """Without the numbers that count the lines, if all of them have one."""
    lines = code.split("\n")
    found = [each for line in lines if (each := _NUMBER.match(line)) is not None]
    numbers = [int(each.group(1)) for each in found]
    if len(lines) < 2 or len(found) < len(lines) or numbers != list(range(numbers[0], numbers[0] + len(lines))):
        return code
    return textwrap.dedent("\n".join(line[each.end() :] for line, each in zip(lines, found, strict=True)))
