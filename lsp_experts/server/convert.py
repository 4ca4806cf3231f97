"""From a suggestion to what a client inserts. Ranges stay on one line, and no string holds a NUL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lsprotocol import types as t

from lsp_experts.server.answers import Answer
from lsp_experts.server.capabilities import Client, MultiLine
from lsp_experts.server.commands.accepted import command_for
from lsp_experts.server.ports import Silence, Suggestion
from lsp_experts.server.questions import Place

_LABEL_CHARS = 80
_WORD_BEFORE = re.compile(r"[^\W\d]\w*\Z")
_SNIPPET_SPECIAL = re.compile(r"[\\$}]")
_LINE_END = re.compile(r"\r\n|\n|\r")


def inline_list(
    answer: Answer, place: Place | Silence, client: Client, ids: Sequence[str] = ()
) -> t.InlineCompletionList:
    """The answer as inline completions, the best first: the text after the cursor, over what it replaces.

    `ids` are those of its suggestions; an item carries its own in the command that follows its acceptance.
    """
    if isinstance(answer, Silence) or isinstance(place, Silence):
        return t.InlineCompletionList(items=[])
    start = place.document.position(place.start, client.encoding)
    items = [
        t.InlineCompletionItem(
            insert_text=_without_nul(place.selected + suggestion.text),
            range=t.Range(start, place.document.position(_end(place, suggestion), client.encoding)),
        )
        for suggestion in (answer, *answer.others)
    ]
    _add_commands(items, ids)
    return t.InlineCompletionList(items=items)


def for_popup(answer: Answer, style: MultiLine) -> Answer:
    """What of an answer a completion popup can show."""
    if isinstance(answer, Silence):
        return answer
    shown: dict[str, Suggestion] = {}  # by text: what the client cuts to one line may become equal
    for suggestion in (answer, *answer.others):
        text = _LINE_END.split(suggestion.text, maxsplit=1)[0] if style == "first line" else suggestion.text
        if text.strip():
            shown.setdefault(text, replace(suggestion, text=text, others=()))
    if not shown:
        return Silence("nothing to show", "it is blank")
    best, *others = shown.values()
    return replace(best, others=tuple(others))


def completion_list(
    answer: Answer, place: Place | Silence, client: Client, style: MultiLine, ids: Sequence[str] = ()
) -> t.CompletionList:
    """An answer that went through `for_popup` as a list; incomplete, so that the next character asks again.

    `ids` as in `inline_list`, for clients that can run commands.
    """
    if isinstance(answer, Silence) or isinstance(place, Silence):
        return t.CompletionList(is_incomplete=True, items=[])
    items = [_item(one, rank, place, client, style) for rank, one in enumerate((answer, *answer.others))]
    if client.runs_commands:
        _add_commands(items, ids)
    return t.CompletionList(is_incomplete=True, items=items)


def _add_commands(items: Sequence[t.InlineCompletionItem | t.CompletionItem], ids: Sequence[str]) -> None:
    for item, item_id in zip(items, ids, strict=False):
        item.command = command_for(item_id)


def _item(answer: Suggestion, rank: int, place: Place, client: Client, style: MultiLine) -> t.CompletionItem:
    """It begins at the word before the cursor and repeats it, since clients filter items by that word."""
    text = _without_nul(answer.text)
    lines = _LINE_END.split(text)
    word = _word_before(place)
    document = place.document
    span = t.Range(
        document.position(place.offset - len(word), client.encoding),
        document.position(_end(place, answer), client.encoding),
    )
    cut = client.cuts_plain and any(char.isspace() for char in text)
    snippet = style == "snippet" and (len(lines) > 1 or cut)
    new_text = escape_snippet(word + text) if snippet else word + text
    return t.CompletionItem(
        label=_label(word, lines),
        kind=t.CompletionItemKind.Snippet if len(lines) > 1 else t.CompletionItemKind.Text,
        detail=_detail(answer),
        documentation=text if len(lines) > 1 else None,
        filter_text=word + lines[0] or None,
        sort_text=f"!{rank:02}",  # clients sort by it as text
        insert_text_format=t.InsertTextFormat.Snippet if snippet else t.InsertTextFormat.PlainText,
        insert_text_mode=t.InsertTextMode.AsIs if client.as_is else None,
        text_edit=t.TextEdit(range=span, new_text=new_text),
    )


def escape_snippet(text: str) -> str:
    """`text` in snippet syntax, meaning itself."""
    return _SNIPPET_SPECIAL.sub(r"\\\g<0>", text)


def _end(place: Place, answer: Suggestion) -> int:
    """Where the replaced text ends: never beyond the cursor's line."""
    document = place.document
    line = document.line_at(place.offset)
    return min(place.offset + max(answer.replace_right, 0), document.starts[line] + len(document.line(line)))


def _word_before(place: Place) -> str:
    document = place.document
    line = document.line_at(place.offset)
    found = _WORD_BEFORE.search(document.text[document.starts[line] : place.offset][-_LABEL_CHARS:])
    return found.group() if found else ""


def _label(word: str, lines: list[str]) -> str:
    shown = next(line for line in lines if line.strip())
    label = word + shown if shown is lines[0] else f"{word}↵ {shown.strip()}"
    return label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"


def _detail(answer: Suggestion) -> str:
    return answer.expert if answer.expert_reason == "expert" else f"{answer.expert} ({answer.expert_reason})"


def _without_nul(text: str) -> str:
    # One "\0" in a string makes the JSON reader of Emacs 28 refuse the whole answer.
    return text.replace("\0", "")
