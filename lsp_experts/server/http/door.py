"""Who may come in: no page of a browser, and nobody without the token. Pure.

A page cannot leave out its Origin where it sends anything but a simple GET or HEAD, cannot set Host, and cannot send
JSON elsewhere without asking first, which is refused as well.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from lsp_experts.server.http.message import Request
from lsp_experts.server.http.refusal import Refusal

_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?", re.IGNORECASE)
_BEARER = re.compile(r"Bearer +([\x21-\x7e]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Door:
    """Checks requests; `port` is the one that is listened on, `token_path` is named to who has no token."""

    port: int
    token: str
    token_path: str

    def check_caller(self, request: Request) -> None:
        """Refuse what a browser sends for a page, and what was not sent to this address."""
        found = _HOST.fullmatch(request.headers.get("host", ""))
        if found is None or int(found[2] or 80) != self.port or "host" in request.twice:
            raise Refusal(421, f"Ask http://127.0.0.1:{self.port}: no other name is answered.", code="wrong_host")
        browser = {"origin", "sec-fetch-site"} & (request.headers.keys() | request.twice)
        if browser:
            raise Refusal(403, "Web pages are not answered.", code="wrong_origin")

    def check_token(self, request: Request) -> None:
        """Refuse who does not know the token."""
        found = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if found is None or not hmac.compare_digest(found[1], self.token):
            raise Refusal(
                401,
                f"Send the header `Authorization: Bearer TOKEN`; the token lies in {self.token_path}.",
                code="invalid_api_key",
            )
