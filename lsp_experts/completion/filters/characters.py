"""Nothing is inserted that cannot be seen: no control or zero-width characters, no blanks at ends of lines."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.filters.draft import Filtered, Place, refused
from lsp_experts.syntax.lines import line_break

# Never inserted unless the document has them itself: control characters, bidirectional overrides, zero-width and
# tag characters, line breaks that most editors do not show and letters without a shape can make code read differently
# from what it does; U+FFFD is a piece of a character.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164"
    "\ufeff\uffa0\ufffd\U000e0000-\U000e007f]"
)
# Of these, those that change in which order a line is read, and tags, which spell hidden text: a document that has one
# somewhere must not get more of them elsewhere.
_HERE_ONLY = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_LAST_BREAK = re.compile(r"\n\s*\Z")
_TRAILING = re.compile(r"[ \t]+(?=\n)")


def visible(draft: Filtered, place: Place) -> Filtered:
    """Plain line breaks, and only characters that can be seen or that the document has already."""
    cursor = place.cursor
    return replace(draft, text=only_visible(draft.text, cursor.text, cursor.before + cursor.after))


def only_visible(text: str, document: str, here: str) -> str:
    """`text` without what cannot be seen and is not in `document` already; bidirectional overrides must be `here`."""

    def if_known(found: re.Match[str]) -> str:
        character = found.group()
        return character if character in (here if _HERE_ONLY.match(character) else document) else ""

    return _INVISIBLE.sub(if_known, plain_newlines(text))


def no_trailing_blanks(draft: Filtered, place: Place) -> Filtered:
    """No blanks at the ends of lines, nor at the end of the text where nothing follows. "empty" if nothing is left.

    Two blanks are a line break in Markdown.
    """
    text = draft.text if place.language == "markdown" else _TRAILING.sub("", draft.text)
    text = _LAST_BREAK.sub("", text) if place.rest else text.rstrip()
    return replace(draft, text=text) if text.strip() else refused("empty")


def document_line_breaks(draft: Filtered, place: Place) -> Filtered:
    """The line breaks of the document."""
    if "\n" not in draft.text:
        return draft
    return replace(draft, text=draft.text.replace("\n", line_break(place.cursor.text, place.cursor.offset)))
