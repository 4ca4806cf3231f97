"""Token healing by text: what is taken off a prompt, and how an engine is made to spell it again. Pure.

A prompt that ends inside a word ends in tokens that the model never saw there. The pieces follow the rule by which
byte-pair vocabularies split text before they merge: letters with at most one character before them (`pre_tokenizer` of
Qwen2.5-Coder's tokenizer.json, and of others since GPT-4's).
"""

from __future__ import annotations

import re

from lsp_experts.engine.protocol import Segment

_LONGEST = 24  # characters: each token of them is decoded again
_PIECE = re.compile(r"(?:[^\w\r\n]|_)?[^\W\d_]+\Z|\d{1,3}\Z|(?:[^\w\r\n]|_)+\Z")
_REGEX_SIGN = re.compile(r"[\\.^$*+?()\[\]{}|]")


def head_of(segments: tuple[Segment, ...]) -> str:
    """The last piece of a word, or of blanks and punctuation, that a prompt ends with; empty behind control text."""
    if not segments or segments[-1].control:
        return ""
    found = _PIECE.search(segments[-1].text[-_LONGEST:])
    return found.group() if found else ""


def as_grammar(head: str) -> str:
    """`head`, then anything, as GBNF (llama.cpp, grammars/README.md)."""
    quoted = head.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'root ::= "{quoted}" .*'


def as_regex(head: str) -> str:
    """`head`, then anything, as a regular expression that xgrammar, guidance and outlines read alike."""
    return _REGEX_SIGN.sub(r"\\\g<0>", head) + r"(.|\n)*"


def agrees(text: str, must: str) -> bool:
    """Whether a token of `text` may come where `must` is to be spelled."""
    return text.startswith(must) or must.startswith(text)
