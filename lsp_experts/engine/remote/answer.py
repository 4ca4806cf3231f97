"""One event of an answer as what was said in it. Pure; every field is somebody else's word.

Log probabilities come in two forms: OpenAI's legacy lists (vLLM, OpenAI), and a list of objects (llama.cpp).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any


@dataclass(frozen=True)
class Token:
    """A token's text, its probability, 1.0 where the host tells none, and the likeliest ones there."""

    text: str
    probability: float = 1.0
    likeliest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Said:
    """What one event says. `finish` is empty while more comes; figures are those of the request so far, None: not told.

    `prompt_tokens` were decoded, without the `cached_tokens`.
    """

    tokens: tuple[Token, ...] = ()
    finish: str = ""
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    generated_tokens: int | None = None


class SaidError(Exception):
    """The host said that it failed."""


def said_in(data: str) -> Said:
    """What an event's data says. ValueError where it is no answer, SaidError where it is an error's."""
    try:
        event = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(event, dict):
        raise ValueError("no object")
    if event.get("error"):
        raise SaidError
    choices = event.get("choices")
    if not isinstance(choices, list) or not (choices or "usage" in event):
        raise ValueError("no choices")
    choice = choices[0] if choices else {"text": ""}
    if not isinstance(choice, dict) or not isinstance(choice.get("text"), str):
        raise ValueError("a choice without a text")
    finish = choice.get("finish_reason")
    return Said(_tokens(choice), finish if isinstance(finish, str) else "", *_figures(event))


def _tokens(choice: Mapping[str, Any]) -> tuple[Token, ...]:
    """The tokens of a choice, one for all of its text where they are not told or do not spell it."""
    text = _whole(choice["text"])
    told = choice.get("logprobs")
    found = _told(told) if isinstance(told, dict) else ()
    if "".join(token.text for token in found) != text:
        found = (Token(text, math.prod(token.probability for token in found)),)
    return tuple(token for token in found if token.text)


def _told(told: Mapping[str, Any]) -> tuple[Token, ...]:
    objects = _objects(told.get("content"))
    if objects:
        return tuple(
            Token(
                _text(one.get("token")),
                _probability(one.get("logprob")),
                tuple(
                    (_text(other.get("token")), _probability(other.get("logprob")))
                    for other in _objects(one.get("top_logprobs"))
                ),
            )
            for one in objects
        )
    texts, logs, tops = (_list(told.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs"))
    rows = zip_longest(texts, logs[: len(texts)], tops[: len(texts)])
    return tuple(
        Token(
            _text(text),
            _probability(log),
            tuple((_whole(other), _probability(each)) for other, each in top.items()) if isinstance(top, dict) else (),
        )
        for text, log, top in rows
    )


def _figures(event: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    timings, usage = event.get("timings"), event.get("usage")
    if isinstance(timings, dict):  # llama.cpp's, with every token
        return _count(timings.get("prompt_n")), _count(timings.get("cache_n")), _count(timings.get("predicted_n"))
    if not isinstance(usage, dict):
        return None, None, None
    whole, generated = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return whole if whole is None or cached is None else max(0, whole - cached), cached, generated


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _probability(log: object) -> float:
    if not isinstance(log, int | float) or log != log:  # not a number; isnan would take no huge int
        return 1.0
    return math.exp(max(-1e4, min(0.0, log)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _text(value: object) -> str:
    return _whole(value) if isinstance(value, str) else ""


def _whole(text: str) -> str:
    """JSON can escape half a surrogate pair, which no encoding takes later."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
