"""What stands right of the cursor on its line: kept where the suggestion goes before it, replaced where it says it
again. A closer is never doubled, and never lost.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place
from lsp_experts.syntax.brackets import PAIRS, brackets, owed_closers

_WORD = re.compile(r"\w{2}")
_QUOTES = ('"', "'", "`")


def beside_the_rest(draft: Filtered, place: Place) -> Filtered:
    """Sets `replace_right`. Only closers of the line may follow on a block: else one line is left of it."""
    rest = place.rest
    if not rest:
        return draft
    text = draft.text
    if "\n" in text and not _is_closing(rest):
        text = text.partition("\n")[0].rstrip()
    if _says_again(text, rest):
        return replace(draft, text=text, replace_right=len(rest))
    covered = _covered(text, rest, place.quote, place.quote_ends, _owed(place))
    if "\n" in text and not covered and text.rpartition("\n")[2].strip() and _stands_open(place):
        text += "\n" + place.before[: len(place.before) - len(place.before.lstrip())]
    return replace(draft, text=text, replace_right=covered)


def closers_covered(text: str, rest: str) -> int:
    """How many characters right of the cursor `text` brings itself, so that no closer is doubled.

    `foo(|)` + `a, b)` covers 1; `foo(|)` + `f(x)` covers 0, its bracket being its own.
    """
    quote = rest[:1] if rest[:1] in _QUOTES else ""
    if quote and text.count(quote) % 2 == 0:  # it has strings of its own, or none
        return len(quote) if quote in text else _covered(text, rest, "", "", "")
    return _covered(text, rest, quote, quote, "")


def _is_closing(rest: str) -> bool:
    return all(char in ")]}\"'`>;, \t" for char in rest)


def _says_again(text: str, rest: str) -> bool:
    """Whether `text` holds all of `rest` and goes on: it rewrites the line."""
    at = text.find(rest)
    if at < 0 or not _WORD.search(rest):
        return False
    return not (
        re.fullmatch(r"\w\w", text[at - 1 : at + 1] if at else "") or re.match(r"\w\w", text[at + len(rest) - 1 :])
    )


def _owed(place: Place) -> str:
    """The closers that are due at the cursor although the document has what follows."""
    if place.scope is not None:
        return place.scope.owed
    due = list(owed_closers(place.before))
    for _, bracket in brackets(place.rest, place.quote_ends).closers:
        if bracket in due:
            due.remove(bracket)
    return "".join(due)


def _covered(text: str, rest: str, quote: str, quote_ends: str, owed: str) -> int:
    """The end of the last closer in `rest` that a closer of `text` makes superfluous.

    One that is owed closes something else; and what `text` leaves open needs one of `rest`. `quote` is open where
    `text` begins, `quote_ends` is the same if `rest` has its end.
    """
    read = brackets(text, quote)
    own = [bracket for _, bracket in read.closers]
    for bracket in (*owed, *([] if quote_ends else [quote])):
        if bracket in own:
            own.remove(bracket)
    if read.quote in own:
        own.remove(read.quote)
    for _, opener in read.openers:
        closing = [index for index, bracket in enumerate(own) if PAIRS.get(bracket) == opener]
        if closing:
            del own[closing[-1]]
    covered = 0
    for bracket, (at, theirs) in zip(own, brackets(rest, quote_ends).closers, strict=False):
        if bracket != theirs:
            break
        covered = at + len(theirs)
    return _with_end(text, rest, covered)


def _with_end(text: str, rest: str, covered: int) -> int:
    """A semicolon or comma behind the closers is covered too, where both have it."""
    end = rest[covered:]
    return len(rest) if covered and end and end in (";", ",") and text.endswith(end) else covered


def _stands_open(place: Place) -> bool:
    """Whether the cursor stands between the brackets of an empty block."""
    last = place.before.rstrip()[-1:]
    return PAIRS.get(place.rest.lstrip()[:1], "") == last != ""
