"""A suggestion for a session's text, spelled as its document has to spell it. Pure."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.asking import Asked
from lsp_experts.completion.silence import Silence


def spoken(answer: Suggestion, asked: Asked) -> Suggestion | Silence:
    """`answer` in the document: in a region its indentation, quoting and line ends are put back. What cannot be said
    there is a silence."""
    if asked.region is None:
        return answer
    found = [said for each in (answer, *answer.others) if (said := _said(replace(each, others=()), asked)) is not None]
    if not found:
        return Silence("cannot be said here", f"in {asked.region.key.partition(':')[0]}")
    return replace(found[0], others=tuple(found[1:]))


def _said(answer: Suggestion, asked: Asked) -> Suggestion | None:
    if asked.region is None:
        return answer
    said = asked.region.spoken(answer.text, asked.offset, answer.replace_right)
    if said is None:
        return None
    text, replace_right = said
    return replace(answer, text=_with_newlines(text, newline_of(asked.host_view.text)), replace_right=replace_right)


def newline_of(text: str) -> str:
    """The line break that a document uses: that of its first line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _with_newlines(text: str, newline: str) -> str:
    return text if newline == "\n" else text.replace("\n", newline)
