"""What a request gets that is not answered: a status, and an error object in the form of OpenAI's API."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that is refused: an HTTP status, a sentence with a remedy, and the field that is wrong, if one is."""

    def __init__(self, status: int, message: str, *, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.field = status, message, code, field

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the status asks for besides."""
        if self.status == 401:
            return (("WWW-Authenticate", "Bearer"),)
        return (("Allow", self.field),) if self.status == 405 and self.field else ()

    def body(self) -> dict[str, Any]:
        """The error object."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.field, "code": self.code}}
