"""A file behind https. No token is ever sent; only what has the pinned size and hash is kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lsp_experts.errors import SourceError
from lsp_experts.registry.entry import UrlSource
from lsp_experts.registry.sources.fetched import Fetched, HashedFile, Progress
from lsp_experts.registry.sources.patience import patiently

if TYPE_CHECKING:  # imported where it is used: it is slow to load, and a server at work needs no network
    import httpx2

_TRIES = 6
_MAX_REDIRECTS = 5
_CONNECT_TIMEOUT_S = 5.0
_STALL_TIMEOUT_S = 30.0
_ANSWER_TIMEOUT_S = 60.0  # the whole head of an answer, however its bytes trickle
_PACE_S, _PACE_BYTES = 60.0, 256 * 1024  # slower than that is no download
_MAX_PAUSE_S = 8.0
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
# A name with a top-level domain in letters: no address in any spelling, no bare local name.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")


class _Again(Exception):
    """This try failed in a way that may pass."""


def open_client() -> httpx2.Client:
    """The client of the source: a short wait for a connection, a longer one for the next bytes."""
    import httpx2

    return httpx2.Client(timeout=httpx2.Timeout(_STALL_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S), follow_redirects=False)


def fetch(
    source: UrlSource,
    folder: Path,
    progress: Progress,
    *,
    client: Callable[[], httpx2.Client] = open_client,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    answer_timeout_s: float = _ANSWER_TIMEOUT_S,
) -> Fetched:
    """The file in `folder`; SourceError if it cannot be had within six tries or is not the pinned one."""
    check_url(source.url)
    with client() as session, HashedFile(folder / "model.gguf", source.size) as target:
        progress.start(source.url.rsplit("/", 1)[-1], source.size)
        try:
            _Download(session, source, target, progress, clock, answer_timeout_s).tries(sleep)
        finally:
            progress.finish()
        target.finished(sha256=source.sha256, size=source.size)
    return Fetched(target.path, target.sha256, target.size, f"url:{source.url}")


def check_url(url: str) -> None:
    """SourceError unless it is https, to a named host, without a user."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise SourceError(f"{url!r} is not a URL") from None
    if parts.scheme != "https":
        raise SourceError(f"only https is allowed, and this is {parts.scheme or 'no'}: {url}")
    if parts.username is not None or parts.password is not None:
        raise SourceError(f"a URL may not name a user or a password ({host})")
    if not _HOST.fullmatch(host):
        raise SourceError(f"the host must be a full name, not an address or a local name: {host}")


@dataclass(frozen=True)
class _Download:
    session: httpx2.Client
    source: UrlSource
    target: HashedFile
    progress: Progress
    clock: Callable[[], float]
    answer_timeout_s: float

    def tries(self, sleep: Callable[[float], None]) -> None:
        """All bytes are in the target; SourceError if they cannot be had."""
        import httpx2

        for attempt in range(1, _TRIES + 1):
            try:
                return self._one_try()
            except (_Again, TimeoutError, httpx2.TransportError) as error:
                if attempt == _TRIES:
                    why = str(error) or type(error).__name__
                    raise SourceError(f"{why} (after {_TRIES} tries)") from error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise SourceError(str(error) or type(error).__name__) from error
            sleep(min(_MAX_PAUSE_S, 0.5 * 2**attempt))
        return None

    def _one_try(self) -> None:
        url = self.source.url
        for _ in range(_MAX_REDIRECTS + 1):
            with closing(self._answer(url)) as response:
                if not response.has_redirect_location:
                    return self._read(response)
                url = str(response.url.join(response.headers["Location"]))
            check_url(url)
        raise SourceError("it redirects again and again")

    def _answer(self, url: str) -> httpx2.Response:
        headers = {"Accept-Encoding": "identity"}
        if self.target.size:
            headers["Range"] = f"bytes={self.target.size}-"
        request = self.session.build_request("GET", url, headers=headers)
        return patiently(lambda: self.session.send(request, stream=True), self.answer_timeout_s)

    def _read(self, response: httpx2.Response) -> None:
        if response.status_code in _PASSING_STATUS:
            raise _Again(f"the server answered HTTP {response.status_code}")
        if response.status_code not in (200, 206):
            raise SourceError(f"the server answered HTTP {response.status_code}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceError("the server sends it compressed, though asked not to")
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise SourceError("a web page came instead of the file")
        target, whole_bytes = self.target, self.source.size
        if not _continues(response, target.size):
            target.restart()
        since, then = self.clock(), target.size
        for chunk in response.iter_bytes():
            target.write(chunk)
            self.progress.advance(target.size)
            if (now := self.clock()) - since >= _PACE_S:
                if target.size - then < _PACE_BYTES:
                    raise _Again(f"only {target.size - then} bytes came in {now - since:.0f} s")
                since, then = now, target.size
        if target.size < whole_bytes:
            raise _Again(f"the server ended after {target.size} of {whole_bytes} bytes")


def _continues(response: httpx2.Response, have_bytes: int) -> bool:
    """Whether the answer goes on where the last try ended; a server may ignore the range and send all again."""
    content_range = str(response.headers.get("Content-Range", ""))
    return response.status_code == 206 and content_range.startswith(f"bytes {have_bytes}-")
