"""Which request gets which answer. What fails is a JSON error, and never says anything of a document."""

from __future__ import annotations

import logging
import re

from lsp_experts.server.http.completions import Completions
from lsp_experts.server.http.door import Door
from lsp_experts.server.http.message import Request, Response, json_response, refused
from lsp_experts.server.http.question import question_of
from lsp_experts.server.http.refusal import Refusal
from lsp_experts.server.protocol import describe

_METHODS = {"/health": "GET", "/v1/models": "GET", "/v1/completions": "POST"}
_JSON = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)
_LOG = logging.getLogger(__name__)


class Endpoint:
    """Answers requests that the door lets in."""

    def __init__(self, door: Door, completions: Completions) -> None:
        self._door, self._completions = door, completions

    async def answer(self, request: Request) -> Response:
        """The answer to a request, which may be a refusal; cancelling it ends the work behind it."""
        try:
            return await self._answer(request)
        except Refusal as refusal:
            return refused(refusal)
        except Exception as error:
            _LOG.error("answering failed: %s", describe(error))
            return refused(Refusal(500, "The server failed; its log says more.", code="failed"))

    async def _answer(self, request: Request) -> Response:
        self._door.check_caller(request)
        method = _METHODS.get(request.path)
        if method is not None and request.method != method:
            raise Refusal(405, f"{request.path} takes {method}.", code="wrong_method", field=method)
        if request.path == "/health":
            return json_response({"status": "ok"})
        self._door.check_token(request)
        if request.path == "/v1/models":
            models = [{"id": name, "object": "model", "owned_by": "lsp-experts"} for name in self._completions.models()]
            return json_response({"object": "list", "data": models})
        if request.path != "/v1/completions":
            raise Refusal(404, f"There are {', '.join(_METHODS)}.", code="not_found")
        if not _JSON.fullmatch(request.headers.get("content-type", "")):
            raise Refusal(
                415, "Send JSON, with the header `Content-Type: application/json`.", code="wrong_content_type"
            )
        return await self._completions.answer(question_of(request.body))
