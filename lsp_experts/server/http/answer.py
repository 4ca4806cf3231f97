"""A suggestion, or a silence with its reason, as the objects of OpenAI's completions API. Pure but for its clock."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.silence import Silence
from lsp_experts.server.http.message import Response, json_response
from lsp_experts.server.http.question import CompletionQuestion


def answer_response(answer: Suggestion | Silence, text: str, question: CompletionQuestion, number: int) -> Response:
    """The whole answer, as one object or as a stream of them. `text`: what of the suggestion may be inserted.

    A stream brings the text in one piece: the filters need all of it before any of it is shown.
    """
    head = {"id": f"cmpl-{number}", "created": int(time.time()), "model": _model(answer, question)}
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
    if not question.stream:
        return json_response(
            {
                **head,
                "object": "text_completion",
                "choices": [choice],
                "usage": _usage(answer),
                "lspExperts": _why(answer),
            }
        )
    usage = {"usage": None} if question.usage_in_stream else {}
    parts: list[Mapping[str, Any]] = [
        {"choices": [{**choice, "finish_reason": None}], **usage},
        {"choices": [{**choice, "text": ""}], **usage, "lspExperts": _why(answer)},
    ]
    if question.usage_in_stream:
        parts.append({"choices": [], "usage": _usage(answer)})
    events = [json.dumps({**head, "object": "text_completion", **part}) for part in parts]
    body = "".join(f"data: {event}\n\n" for event in (*events, "[DONE]"))
    return Response(200, body.encode(), "text/event-stream", (("Cache-Control", "no-cache"),))


def _model(answer: Suggestion | Silence, question: CompletionQuestion) -> str:
    return answer.expert if isinstance(answer, Suggestion) else question.model


def _usage(answer: Suggestion | Silence) -> dict[str, int]:
    """What the engine did: a prompt that was decoded before costs nothing."""
    prompt, said = answer.prompt_tokens, answer.decoded_tokens
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}


def _why(answer: Suggestion | Silence) -> dict[str, Any]:
    """What a reader may want to know, beyond OpenAI's fields."""
    if isinstance(answer, Silence):
        return {"silence": answer.reason, "detail": answer.detail}
    return {"expert": answer.expert, "reason": answer.expert_reason, "language": answer.language}
