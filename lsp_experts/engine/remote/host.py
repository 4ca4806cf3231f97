"""The connection to a remote expert's host: one request's events, or why there are none.

What goes wrong is told in our own words: no error holds a key, a prompt or an answer.
"""

from __future__ import annotations

import email.utils
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from lsp_experts.engine.remote.answer import Said, SaidError, said_in
from lsp_experts.engine.remote.event_stream import EventStream
from lsp_experts.engine.remote.keys import key_of
from lsp_experts.errors import RemoteFailed
from lsp_experts.registry.endpoint import host_of, is_loopback
from lsp_experts.registry.entry import Remote

if TYPE_CHECKING:
    import httpx2

MAX_EVENT_BYTES = 64 * 1024  # a token with its five likeliest ones takes less than 2 KiB
MAX_ANSWER_BYTES = 1024 * 1024
_DONE = "[DONE]"
_HEADERS = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity", "User-Agent": "lsp-experts"}


class Host:
    """An open client and the key. Whoever stops listening closes the stream: so an engine learns to stop."""

    def __init__(self, remote: Remote, environment: Mapping[str, str]) -> None:
        """Read the key, make the client; takes a while, sends nothing. RemoteFailed."""
        self._remote, self.name = remote, host_of(remote.endpoint)
        self._client = _client(self.name, key_of(remote, environment))

    async def said(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> AsyncGenerator[Said]:
        """What the host says to one request, until it says that it is done. RemoteFailed."""
        import httpx2

        url = self._remote.endpoint.rstrip("/") + "/completions"
        try:
            async with self._client.stream("POST", url, json=dict(body), headers=dict(headers)) as response:
                self._check(response)
                async with aclosing(self._events(response)) as events:
                    async for event in events:
                        yield Said(finish="stop") if event == _DONE else said_in(event)
        except httpx2.HTTPError as error:
            raise self._lost(error) from None
        except SaidError:
            raise RemoteFailed("server error", f"{self.name} failed while it answered.") from None
        except OverflowError:
            raise RemoteFailed("too much", f"{self.name} says more than was asked for.") from None
        except ValueError:  # no UTF-8, no JSON, no choices
            raise self._no_answer("something else than a completion") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _check(self, response: httpx2.Response) -> None:
        status, name = response.status_code, self.name
        wait_s = _seconds(response.headers.get("retry-after", ""))
        if status in (401, 403):
            where = self._remote.key_variable or f"the keyring (service lsp-experts, user {name})"
            raise RemoteFailed(
                "key refused", f"{name} refuses the key ({status}).", remedy=f"Put the right one into {where}."
            )
        if status == 404:
            raise RemoteFailed(
                "not found",
                f"{name} has no {self._remote.model!r} at {self._remote.endpoint} (404).",
                remedy="Correct `endpoint` and `model` of its registry entry.",
            )
        if status == 429:
            raise RemoteFailed("too many requests", f"{name} has too much to do (429).", retry_after_s=wait_s)
        if status >= 500:
            raise RemoteFailed("server error", f"{name} failed ({status}).", retry_after_s=wait_s)
        if 300 <= status < 400:
            raise self._no_answer("a redirection, which is not followed", "Name the address that it leads to.")
        if status != 200:
            raise self._no_answer(
                f"status {status}",
                "Its context may be too small for the prompt, or `server` of its registry entry wrong.",
            )
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._no_answer("compressed data, which was not asked for")

    async def _events(self, response: httpx2.Response) -> AsyncGenerator[str]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("text/event-stream", "application/json"):
            raise self._no_answer(f"content of the type {kind[:40] or 'unknown'!r}")
        stream = EventStream(MAX_EVENT_BYTES)
        whole, length = bytearray(), 0
        async for data in response.aiter_raw():
            length += len(data)
            if length > MAX_ANSWER_BYTES:
                raise OverflowError
            if kind == "application/json":  # some servers have no streams
                whole += data
            else:
                for event in stream.feed(data):
                    yield event
        if whole:
            yield whole.decode("utf-8")
            yield _DONE

    def _no_answer(self, what: str, remedy: str = "") -> RemoteFailed:
        return RemoteFailed("not an answer", f"{self.name} answers with {what}.", remedy=remedy)

    def _lost(self, error: Exception) -> RemoteFailed:
        if _is_tls(error):
            return RemoteFailed(
                "untrusted",
                f"{self.name} cannot prove that it is {self.name}.",
                remedy="Name your own certificate authority in SSL_CERT_FILE.",
            )
        return RemoteFailed("unreachable", f"{self.name} cannot be reached, or hung up ({type(error).__name__}).")


def _client(name: str, key: str) -> httpx2.AsyncClient:
    import httpx2

    headers = {**_HEADERS, "Authorization": f"Bearer {key}"} if key else _HEADERS
    try:
        # Limits of time are the caller's, for the whole of a request. Loopback: no proxy may see what stays here.
        return httpx2.AsyncClient(
            headers=headers, timeout=None, follow_redirects=False, trust_env=not is_loopback(name)
        )
    except OSError as error:
        raise RemoteFailed(
            "untrusted",
            f"The certificates to know {name} by cannot be read ({type(error).__name__}).",
            remedy="Look what SSL_CERT_FILE and SSL_CERT_DIR name.",
        ) from None
    except (ValueError, ImportError):
        raise RemoteFailed(
            "unreachable", f"The proxy to {name} cannot be used.", remedy="Look at HTTPS_PROXY and ALL_PROXY."
        ) from None


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _seconds(retry_after: str) -> float:
    """A Retry-After, in seconds or as a date (RFC 9110, 10.2.3), from now; 0.0 where it says nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        then = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, then.timestamp() - time.time())
