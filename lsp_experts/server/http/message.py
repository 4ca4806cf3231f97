"""One request and one answer, as the rest of this folder sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsp_experts.server.http.refusal import Refusal


@dataclass(frozen=True)
class Request:
    """A whole request. Names of `headers` are in lower case; what came twice is not there, but in `twice`."""

    method: str
    path: str  # without its query
    headers: Mapping[str, str]
    twice: frozenset[str] = frozenset()
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """A whole answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_response(content: Mapping[str, Any]) -> Response:
    """What was asked for, as JSON."""
    return Response(200, json.dumps(content).encode())


def refused(refusal: Refusal) -> Response:
    """Why it is not answered."""
    return Response(refusal.status, json.dumps(refusal.body()).encode(), headers=refusal.headers)
