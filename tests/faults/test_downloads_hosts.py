"""Hosts that answer badly in ways that only patience or a bound can end; the drill of downloads has all the others."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from lsp_experts.errors import SourceError
from lsp_experts.lab.faults.bad_answers import CONTENT, ENDLESS_BYTES, by_case, cases, whole
from lsp_experts.lab.faults.bad_host import BadHost
from lsp_experts.lab.faults.downloads import local_client
from lsp_experts.registry.entry import HubSource, UrlSource
from lsp_experts.registry.pull import Silent
from lsp_experts.registry.sources import hub, url
from lsp_experts.registry.sources.fetched import Fetched, Progress
from lsp_experts.registry.sources.patience import patiently

NOWHERE = "http://127.0.0.1:9"


@contextmanager
def hub_of_cases(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadHost]:
    with BadHost.serving(by_case(cases(NOWHERE))) as host:
        monkeypatch.setenv("HF_ENDPOINT", host.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield host


@pytest.mark.parametrize(
    ("case", "stall_timeout_s", "said"),
    [
        ("trickling-head", 0.5, "no answer within 0.5 s"),
        ("trickling-body", 0.5, "no answer within 0.5 s"),
        ("endless-body", 60.0, f"longer than the {len(CONTENT)} bytes"),
        ("gzip-bomb", 60.0, f"longer than the {len(CONTENT)} bytes"),
    ],
)
def test_a_hub_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, stall_timeout_s: float, said: str
) -> None:
    with hub_of_cases(monkeypatch) as host, pytest.raises(SourceError) as caught:
        hub.fetch(HubSource(f"bad/{case}", "model.gguf"), tmp_path, Silent(), stall_timeout_s=stall_timeout_s)
    assert said in str(caught.value)
    assert host.sent_bytes < ENDLESS_BYTES // 2


def test_what_moves_is_waited_for() -> None:
    """What counts is the time without news, not all of it."""
    looks, enough = itertools.count(), threading.Event()

    def moved() -> int:
        number = next(looks)
        if number == 5:
            enough.set()
        return number

    assert patiently(enough.wait, 0.1, moved) is True


def fetched(host: BadHost, name: str, work: Path, progress: Progress, clock: Callable[[], float], size: int) -> Fetched:
    """What the url source makes of a case of that host."""
    content = CONTENT * (size // len(CONTENT))
    source = UrlSource(f"https://models.example.org/bad/{name}/model.gguf", hashlib.sha256(content).hexdigest(), size)
    return url.fetch(
        source,
        work,
        progress,
        client=lambda: local_client({"models.example.org": host.port}, 30.0),
        sleep=lambda _: None,
        clock=clock,
        answer_timeout_s=0.3,
    )


@pytest.mark.parametrize(
    ("name", "said", "tries"),
    [
        ("trickling-head", "no answer within 0.3 s (after 6 tries)", 6),
        ("trickling-body", "bytes came in 60 s (after 6 tries)", 6),
        ("endless-body", f"longer than the {len(CONTENT)} bytes", 1),
        ("redirect-to-nothing", "Invalid port", 1),
    ],
)
def test_a_host_is_given_up(tmp_path: Path, name: str, said: str, tries: int) -> None:
    ticks = itertools.count(0.0, 20.0 if name == "trickling-body" else 0.0)  # each chunk takes so long
    with BadHost.serving(by_case(cases(NOWHERE))) as host, pytest.raises(SourceError) as caught:
        fetched(host, name, tmp_path, Silent(), lambda: next(ticks), len(CONTENT))
    assert said in str(caught.value)
    assert len(host.asked) == tries
    assert host.sent_bytes < ENDLESS_BYTES // 2
    assert list(tmp_path.iterdir()) == []


class Paced(Silent):
    """A clock by which so many bytes come in a second."""

    def __init__(self, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self.now_s = 0.0

    def advance(self, bytes_done: int) -> None:
        self.now_s = bytes_done / self.bytes_per_s


@pytest.mark.parametrize(("bytes_per_s", "tries"), [(16_000, 1), (1_000, 6)])
def test_how_slow_is_too_slow(tmp_path: Path, bytes_per_s: float, tries: int) -> None:
    """A quarter of a MiB must come in a minute."""
    size, progress = 16 * len(CONTENT), Paced(bytes_per_s)
    with BadHost.serving(lambda asked: whole(asked, CONTENT * 16)) as host:
        too_slow = pytest.raises(SourceError, match="bytes came in") if tries > 1 else nullcontext()
        with too_slow:
            fetched(host, "paced", tmp_path, progress, lambda: progress.now_s, size)
    assert len(host.asked) == tries
