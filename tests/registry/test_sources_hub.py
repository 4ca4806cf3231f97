"""The hub source, against a small server that speaks the hub's protocol and can be told to misbehave."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lsp_experts.errors import PullError, SourceError
from lsp_experts.registry.entry import Entry, HubSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.sources.hub import fetch
from lsp_experts.registry.store import Store

CONTENT = b"GGUF" + bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "a" * 40
SOURCE = HubSource("owner/model", "folder/model.gguf")


@dataclass
class Behaviour:
    """What the server says; the defaults are what the real hub would."""

    content: bytes = CONTENT
    published: str | None = SHA256
    commit: str | None = COMMIT
    head_status: int = 200
    get_status: int = 200
    body: bytes | None = None  # instead of the content
    content_type: str = "application/octet-stream"
    cdn: str = ""  # where the bytes are, if elsewhere
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, authorization


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        says = self.server.behaviour
        if self._known() and says.cdn:
            self._answer(302, b"", {"Location": says.cdn, **self._published()})
        else:
            self._answer(says.head_status, says.content, self._published() if says.head_status == 200 else {})

    def do_GET(self) -> None:
        says = self.server.behaviour
        if self._known() and says.cdn:
            self._answer(302, b"", {"Location": says.cdn})
            return
        body = says.content if says.body is None else says.body
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start and says.get_status == 200:
            first = int(start[1])
            span = {"Content-Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
            self._answer(206, body[first:], span)
        else:
            self._answer(says.get_status, body, {})

    def _known(self) -> bool:
        self.server.behaviour.seen.append((self.command, self.path, self.headers.get("Authorization")))
        return re.fullmatch(r"/owner/model/resolve/[^/]+/folder/model\.gguf", self.path) is not None

    def _published(self) -> dict[str, str]:
        says = self.server.behaviour
        headers = {"ETag": '"0123456789abcdef"', "X-Linked-Size": str(len(says.content))}
        if says.commit:
            headers["X-Repo-Commit"] = says.commit
        if says.published:
            headers["X-Linked-Etag"] = f'"{says.published}"'
        return headers

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": self.server.behaviour.content_type, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def serve(behaviour: Behaviour) -> Hub:
    server = Hub(behaviour)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    server = serve(Behaviour())
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_a_file_comes_with_the_hubs_own_hash(hub: Hub, work: Path) -> None:
    fetched = fetch(SOURCE, work, Silent())
    assert fetched.path.read_bytes() == CONTENT
    assert (fetched.sha256, fetched.size, fetched.origin) == (SHA256, len(CONTENT), "hub:owner/model/folder/model.gguf")
    assert fetched.provenance == {
        "repo": "owner/model",
        "file": "folder/model.gguf",
        "commit": COMMIT,
        "hub_sha256": SHA256,
    }
    assert fetched.path.is_relative_to(work)
    # The bytes are those of the commit whose hash was read, even if the branch moves in between.
    assert [path for method, path, _ in hub.behaviour.seen if method == "GET"] == [
        f"/owner/model/resolve/{COMMIT}/folder/model.gguf"
    ]
    assert {token for _, _, token in hub.behaviour.seen} == {"Bearer hf_secret"}


def test_the_token_stays_with_the_hub(hub: Hub, work: Path) -> None:
    cdn = serve(Behaviour())
    try:
        hub.behaviour.cdn = f"{cdn.url}/blob?signed"
        assert fetch(SOURCE, work, Silent()).sha256 == SHA256
        assert cdn.behaviour.seen != []
        assert {token for _, _, token in cdn.behaviour.seen} == {None}
    finally:
        cdn.shutdown()
        cdn.server_close()


MISBEHAVIOUR: dict[str, tuple[dict[str, object], HubSource, str]] = {
    "404": ({"head_status": 404}, SOURCE, "no such repository or file"),
    "401": ({"head_status": 401}, SOURCE, "HF_TOKEN"),
    "403": ({"head_status": 403}, SOURCE, "HF_TOKEN"),
    "429": ({"head_status": 429}, SOURCE, "HTTP 429"),
    "500": ({"head_status": 500}, SOURCE, "HTTP 500"),
    "403 for the bytes": ({"get_status": 403}, SOURCE, "access refused"),
    "500 for the bytes": ({"get_status": 500}, SOURCE, "HTTP 500"),
    "no hub at all": ({"commit": None, "content_type": "text/html"}, SOURCE, "not a model hub"),
    "no hash": ({"published": None}, SOURCE, "publishes no sha256"),
    "short body": ({"body": CONTENT[:-1]}, SOURCE, "size"),
    "long body": ({"body": CONTENT + b"x"}, SOURCE, "longer than"),
    "a web page for the bytes": ({"body": b"<html>log in</html>", "content_type": "text/html"}, SOURCE, "size"),
    "other bytes": ({"body": bytes(len(CONTENT))}, SOURCE, f"instead of {SHA256}"),
    "another hash than pinned": ({}, HubSource(SOURCE.repo, SOURCE.file, sha256="0" * 64), "is asked for"),
    "another size than pinned": ({}, HubSource(SOURCE.repo, SOURCE.file, size=3), "3 are asked for"),
    "a name that leads outside": ({}, HubSource("owner/model", "../../x.gguf"), "x.gguf"),
}


@pytest.mark.parametrize(("says", "source", "said"), MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
def test_anything_else_is_a_reason_and_leaves_nothing(
    hub: Hub, tmp_path: Path, says: dict[str, object], source: HubSource, said: str
) -> None:
    for name, value in says.items():
        setattr(hub.behaviour, name, value)
    store = Store(tmp_path / "models")
    entry = Entry("go-tiny", "model", ("go",), "MIT", "a test", sources=(source,))
    with pytest.raises(PullError) as caught:
        pull(entry, store, Silent())
    assert said in str(caught.value)
    assert store.installed() == {}
    assert [path for path in store.root.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_a_hub_that_is_not_there_fails_at_once(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(SourceError, match="cannot be reached"):
        fetch(SOURCE, work, Silent())


def test_a_hub_that_is_silent_is_given_up(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(SourceError, match=r"no answer within 0\.2 s"):
            fetch(SOURCE, work, Silent(), probe_timeout_s=0.2)


@pytest.mark.parametrize("value", ["1", "on", "Yes", "TRUE"])
def test_offline_means_offline(hub: Hub, work: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE is set"):
        fetch(SOURCE, work, Silent())
    assert hub.behaviour.seen == []


def test_a_change_at_the_hub_is_said(hub: Hub, tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    entry = Entry("go-tiny", "model", ("go",), "MIT", "a test", sources=(SOURCE,))
    said: list[str] = []
    pull(entry, store, Silent(), say=said.append)
    store.check("go-tiny").path.unlink()
    pull(entry, store, Silent(), say=said.append)
    assert said == []
    hub.behaviour.content = CONTENT + b"new"
    hub.behaviour.published = hashlib.sha256(hub.behaviour.content).hexdigest()
    installed = pull(entry, store, Silent(), say=said.append, again=True)
    assert installed.sha256 == hub.behaviour.published
    assert len(said) == 1
    assert f"sha256 was {SHA256}, is {installed.sha256}" in said[0]
