"""Whether a request that nobody made by hand can help at this place at all. Pure.

What is no reason to be quiet, and why:
- a comment: measured on Python's library, what the gate (gate.py) lets through there is right as often as in code;
- a word of which one letter is typed: right as often as later in the word;
- `foo.ba|`: a language server lists the next name, a model writes the rest of the line, and healing lets it choose
  among the names that begin so;
- a long document: the prompt holds what stands round the cursor, however many lines there are. `maxDocumentChars`
  limits a document, and what a program writes is left alone as a whole (generated.py).
"""

from __future__ import annotations

import re

from lsp_experts.completion.document import Cursor
from lsp_experts.settings import Settings

# What editors insert by themselves, and what ends a statement or opens its block: Copilot's rule for mid-line requests.
_CLOSING = re.compile(r"""\s*[)>}\]"'`]*\s*[:{;,]?\s*""")
_MOST_RIGHT_CHARS = 8  # llama.vim's max_line_suffix
_LEAST_CHARS = 10  # Copilot's MIN_PROMPT_CHARS


def not_now(cursor: Cursor, *, settings: Settings, deleting: bool = False, document: str = "") -> str:
    """Why an automatic request at `cursor` is not worth asking a model; "" if it is.

    "too little text": nothing to go by, nor in the `document` that the cursor's text is a region of. "inside a word":
    the language server knows the names, and a name is being changed, not written. "rest of line": what stands right of
    the cursor is neither closers nor short, so that the line is being changed. "deleting": the last change took text
    away and something stands right of the cursor (`deleting`: the last change made the document shorter); at a line's
    end the user deletes in order to write it anew.
    """
    if settings.trigger != "smart":
        return ""
    before, after = cursor.before, cursor.after.rstrip()
    if len((document or cursor.text).strip()) < _LEAST_CHARS:
        return "too little text"
    if before and after and _is_word(before[-1]) and _is_word(after[0]):
        return "inside a word"
    if len(after) > _MOST_RIGHT_CHARS and not _CLOSING.fullmatch(after):
        return "rest of line"
    return "deleting" if deleting and after and not _CLOSING.fullmatch(after) else ""


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
