"""What a client asks for in the body of POST /v1/completions. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsp_experts.server.http.prompt import around_cursor
from lsp_experts.server.http.refusal import Refusal

_MOST_STOPS = 16
# Two answers, the prompt once more, or probabilities: nothing that a suggestion has.
_ONLY: Mapping[str, tuple[object, ...]] = {
    "n": (None, 1),
    "best_of": (None, 1),
    "echo": (None, False),
    "logprobs": (None, 0, False),
}


@dataclass(frozen=True)
class CompletionQuestion:
    """A place in a text, and how much may be said there. `max_tokens` None: as much as the server's settings allow."""

    model: str
    before: str
    after: str
    max_tokens: int | None
    stops: tuple[str, ...]
    stream: bool
    usage_in_stream: bool


def question_of(body: bytes) -> CompletionQuestion:
    """The question in a body. Refusal, which names the field, for what cannot be answered as it was asked.

    How to choose among tokens (temperature and the like) is the server's own business and is read over.
    """
    asked = _object(body)
    for field, allowed in _ONLY.items():
        if asked.get(field) not in allowed:
            raise _wrong(field, "is not supported: there is one answer, and it is text only")
    before, after = _texts(asked)
    options = asked.get("stream_options")
    return CompletionQuestion(
        model=_string(asked, "model"),
        before=before,
        after=after,
        max_tokens=_max_tokens(asked),
        stops=_stops(asked.get("stop")),
        stream=asked.get("stream") is True,
        usage_in_stream=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON in UTF-8.", code="invalid_json") from None
    if not isinstance(asked, dict):
        raise Refusal(400, 'The body is not an object, such as {"prompt": "..."}.', code="invalid_json")
    return asked


def _texts(asked: dict[str, Any]) -> tuple[str, str]:
    prompt, suffix = asked.get("prompt"), _string(asked, "suffix")
    if isinstance(prompt, list) and len(prompt) == 1:
        (prompt,) = prompt
    if not isinstance(prompt, str):
        raise _wrong("prompt", "has to be one string")
    if asked.get("suffix") is not None:
        return _characters(prompt), _characters(suffix)
    before, after = around_cursor(_characters(prompt))
    return before, after


def _characters(text: str) -> str:
    """`text` without half characters, which JSON can spell and no document can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _string(asked: dict[str, Any], field: str) -> str:
    value = asked.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(field, "has to be a string")
    return value


def _max_tokens(asked: dict[str, Any]) -> int | None:
    most = asked.get("max_tokens")
    if most is None:
        return None
    if type(most) is not int or most < 1:
        raise _wrong("max_tokens", "has to be a number from 1")
    return most


def _stops(stop: object) -> tuple[str, ...]:
    stops = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > _MOST_STOPS or not all(isinstance(each, str) for each in stops):
        raise _wrong("stop", f"has to be a string or at most {_MOST_STOPS} of them")
    return tuple(each for each in stops if each)


def _wrong(field: str, problem: str) -> Refusal:
    return Refusal(400, f"`{field}` {problem}.", code="invalid_value", field=field)
