"""What a status bar, `top` or a bug report gets to see of completion; no text of any document."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.session import Session
from lsp_experts.pool.model import ExpertStatus
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Chain


class Tally:
    """Who answered how often, and the last answer."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.last: dict[str, Any] = {}

    def answered(self, uri: str, answer: Suggestion) -> None:
        """Count an answer."""
        self.answers[answer.expert] += 1
        self.last = {
            "uri": uri,
            "expert": answer.expert,
            "reason": answer.expert_reason,
            "firstTokenMs": answer.first_token_ms,
            "totalMs": answer.total_ms,
            "promptTokens": answer.prompt_tokens,
            "decodedTokens": answer.decoded_tokens,
            "reused": answer.reused,
        }


def focused_json(session: Session, route: Chain, excluded: str) -> dict[str, Any]:
    """The document that is worked on, or the region of it, and who may answer there."""
    return {
        "uri": session.document,
        "region": session.view.uri.removeprefix(session.document).removeprefix("#"),
        "language": session.language,
        "experts": [{"id": c.expert, "reason": c.reason} for c in route.candidates],
        "skipped": [{"id": expert, "reason": why} for expert, why in route.skipped],
        "excluded": excluded,
    }


def expert_json(state: ExpertStatus, catalogue: Catalogue, pace: Pace, answers: int) -> dict[str, Any]:
    """One expert: bytes, milliseconds (0.0: not measured yet), counts."""
    prompt_ms, token_ms = pace.measured(state.expert)
    return {
        "id": state.expert,
        "languages": list(catalogue.get(state.expert).languages),
        "state": state.state,
        "residentBytes": state.resident_bytes,
        "weightsBytes": state.weights_bytes,
        "fileBytes": state.file_bytes,
        "deviceBytes": state.device_bytes,
        "leases": state.leases,
        "loadMs": state.load_ms,
        "parkMs": state.park_ms,
        "unparkMs": state.unpark_ms,
        "readyMs": state.ready_ms,
        "promptMsPerToken": round(prompt_ms, 3),
        "msPerToken": round(token_ms, 3),
        "kvTokens": state.kv_tokens,
        "probability": state.probability,
        "pinned": state.pinned,
        "reason": state.reason,
        "wishedBecause": state.wished_because,
        "answers": answers,
    }
