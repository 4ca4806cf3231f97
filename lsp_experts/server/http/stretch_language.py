"""The language of a stretch of code that came without a name. Pure.

What routing/guess.py asks of a document's beginning says little of lines from its middle. 840 stretches of 1,500
characters, from the middle of files in 14 languages, with half a line missing at a cursor: this says the right language
for 83 %, none for 10 %. By the grammar that finds the fewest errors, 22 of 112 shorter ones were right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from lsp_experts.server.http.language_signs import SIGNS

_CHARS = 4000  # round the cursor, that are looked at
_LEAST = 2  # signs
_LEAD = 1.25  # times as many signs as of any other language
# A stretch of one often holds nothing that the other does not have: the likelier one is taken.
_ALIKE: Mapping[str, str] = MappingProxyType(
    {"javascript": "typescript", "typescript": "javascript", "c": "cpp", "cpp": "c"}
)


def stretch_language(before: str, after: str, known: Collection[str]) -> str:
    """Which of the `known` languages the text round a cursor is in, by the LSP's names; "" if unsure.

    What looks most like a language that is not known is not taken for another.
    """
    half = _CHARS // 2
    text = before[-half:] + after[:half]
    signs = {language: sum(1 for _ in pattern.finditer(text)) for language, pattern in SIGNS.items()}
    best = max(signs, key=lambda language: signs[language])
    rival = max(count for language, count in signs.items() if language not in (best, _ALIKE.get(best)))
    sure = signs[best] >= _LEAST and signs[best] >= _LEAD * rival
    return best if sure and best in known else ""
