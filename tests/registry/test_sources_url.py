"""The url source: only https to named hosts, six tries, and nothing but the pinned bytes."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from lsp_experts.errors import SourceError
from lsp_experts.registry.entry import UrlSource
from lsp_experts.registry.pull import Silent
from lsp_experts.registry.sources.url import check_url, fetch

CONTENT = b"GGUF" + bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOURCE = UrlSource("https://models.example.org/go.gguf", SHA256, len(CONTENT))

Answer = Callable[[httpx2.Request], httpx2.Response]


class Broken(httpx2.SyncByteStream):
    """A body that ends in a broken connection."""

    def __init__(self, content: bytes, error: type[httpx2.TransportError] = httpx2.ReadTimeout) -> None:
        self.content = content
        self.error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        raise self.error("the line went dead")


class Server:
    """Gives one answer after the other; the last one again and again."""

    def __init__(self, *answers: Answer | httpx2.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.pauses_s: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, httpx2.Response) else answer(request)

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self), follow_redirects=False)


def get(server: Server, work: Path, source: UrlSource = SOURCE) -> bytes:
    work.mkdir(exist_ok=True)
    fetched = fetch(source, work, Silent(), client=server.client, sleep=server.pauses_s.append)
    assert (fetched.sha256, fetched.size) == (SHA256, len(CONTENT))
    return fetched.path.read_bytes()


def whole(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=CONTENT)


def rest(request: httpx2.Request) -> httpx2.Response:
    first = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    span = {"Content-Range": f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return httpx2.Response(206, content=CONTENT[first:], headers=span)


def broken(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, stream=Broken(CONTENT[:5000]))


def status(code: int) -> Answer:
    return lambda _request: httpx2.Response(code, content=b"sorry")


def redirect(to: str) -> Answer:
    return lambda _request: httpx2.Response(302, headers={"Location": to})


def refused(_request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused")


GOOD: dict[str, tuple[list[Answer], int]] = {
    "at once": ([whole], 1),
    "after a redirect": ([redirect("https://cdn.example.net/x?signed"), whole], 2),
    "after a relative redirect": ([redirect("/elsewhere"), whole], 2),
    "after errors that pass": ([status(503), status(429), refused, whole], 4),
    "the rest of a broken body": ([broken, rest], 2),
    "a server that ignores ranges": ([broken, whole], 2),
    "at the sixth try": ([refused] * 5 + [whole], 6),
}


@pytest.mark.parametrize(("answers", "requests"), GOOD.values(), ids=GOOD.keys())
def test_it_comes(tmp_path: Path, answers: list[Answer], requests: int) -> None:
    server = Server(*answers)
    assert get(server, tmp_path / "work") == CONTENT
    assert len(server.requests) == requests
    for request in server.requests:
        assert "authorization" not in request.headers
        assert request.headers["accept-encoding"] == "identity"


BAD: dict[str, tuple[Answer, int, str]] = {
    "404": (status(404), 1, "HTTP 404"),
    "403": (status(403), 1, "HTTP 403"),
    "500 for ever": (status(500), 6, "HTTP 500 (after 6 tries)"),
    "no connection": (refused, 6, "connection refused (after 6 tries)"),
    "stall for ever": (broken, 6, "the line went dead (after 6 tries)"),
    "short body for ever": (lambda _: httpx2.Response(200, content=CONTENT[:-1]), 6, "after 1048579 of 1048580"),
    "long body": (lambda _: httpx2.Response(200, content=CONTENT + b"x"), 1, "longer than"),
    "other bytes": (lambda _: httpx2.Response(200, content=bytes(len(CONTENT))), 1, "its sha256 is"),
    "a web page": (lambda _: httpx2.Response(200, html="<p>log in</p>"), 1, "a web page"),
    "redirects for ever": (redirect("/again"), 6, "again and again"),
    "https to http": (redirect("http://models.example.org/x"), 1, "only https"),
    "to an address": (redirect("https://169.254.169.254/latest"), 1, "must be a full name"),
    "to a user": (redirect("https://me:pw@models.example.org/x"), 1, "may not name a user"),
    "compressed": (
        lambda _: httpx2.Response(200, content=gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"}),
        1,
        "compressed",
    ),
}


@pytest.mark.parametrize(("answer", "requests", "said"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said(tmp_path: Path, answer: Answer, requests: int, said: str) -> None:
    server = Server(answer)
    with pytest.raises(SourceError) as caught:
        get(server, tmp_path / "work")
    assert said in str(caught.value)
    assert len(server.requests) == requests
    assert max(server.pauses_s, default=0) <= 8
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example.org/x",
        "file:///etc/passwd",
        "ftp://models.example.org/x",
        "models.example.org/x",
        "https://me@models.example.org/x",
        "https://me:pw@models.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.1/x",
        "https://localhost/x",
        "https:///x",
        "https://models.example.org:port/x",
        "https://[broken/x",
        "",
    ],
)
def test_other_urls_are_refused_before_any_connection(tmp_path: Path, url: str) -> None:
    server = Server(whole)
    with pytest.raises(SourceError):
        get(server, tmp_path / "work", UrlSource(url, SHA256, len(CONTENT)))
    assert server.requests == []


def test_a_port_and_upper_case_are_allowed() -> None:
    check_url("https://Models.Example.org:8443/x")
