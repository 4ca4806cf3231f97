"""The drill of downloads: pulls that are killed at any byte, and hosts that answer in every bad way."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import random
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2

from lsp_experts.errors import ExpertsError
from lsp_experts.lab.faults.bad_answers import CONTENT, SHA256, Case, by_case, cases, published, whole
from lsp_experts.lab.faults.bad_host import Asked, BadHost
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.paths import Paths
from lsp_experts.registry.entry import Entry, Source, UrlSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.sources import url
from lsp_experts.registry.sources.fetched import Fetched, Progress
from lsp_experts.registry.store import Store

CANARY = "hf_canary"  # stands for the user's token
_KILLS, _KILLED_BYTES = 20, 24 << 20  # huggingface_hub writes every 10 MiB
_HANG_S = 120.0
_MOST_TRIES = 6
_SLOW = ("429", "stalls")  # the library waits between its tries: asked beside the others


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """X1 and X3."""
    chance, kills = random.Random(stand.seed), stand.times(_KILLS)
    content = b"GGUF" + chance.randbytes(_KILLED_BYTES)
    offsets = [len(content), *(chance.randrange(len(content)) for _ in range(kills - 1))]
    killed = []
    for number, offset in enumerate(offsets):
        on_step("downloads: kills", number, kills)
        killed.append(await killed_pull(stand.home / f"kill {number} 🐹", content, offset))
    on_step("downloads: misbehaving hosts", 0, 1)
    told, hub = await asyncio.gather(asyncio.to_thread(from_url, stand.home / "url"), from_hub(stand.home / "hub"))
    return (*_kill_rows(killed), _answers_row(told, hub))


# Kills


@dataclass(frozen=True)
class Killed:
    """What a kill left: `partials` under final names, whether the next pull ended right, and files that stayed."""

    partials: int
    right: bool
    left: int


async def killed_pull(home: Path, content: bytes, offset: int) -> Killed:
    """Kill a pull of `content` once `offset` bytes of it were sent, age what it left by a day, and pull again."""
    held = _HeldAt(content, offset)
    store = Store(_paths(home).store)
    _write_overlay(home, {"killed": ""})
    with BadHost.serving(held.reply) as host:
        process = await _started(home, host, ["killed"])
        if not await asyncio.to_thread(held.reached.wait, _HANG_S):
            raise TimeoutError("the pull asked for nothing")
        process.kill()
        await process.wait()
        partials = len(_partials(store))
        for path in (store.root / "temporary").rglob("*"):
            os.utime(path, (1, 1))
        held.hold = False
        again = await _started(home, host, ["killed"])
        await asyncio.wait_for(again.wait(), _HANG_S)
    right = _holds(store, "killed", hashlib.sha256(content).hexdigest())
    return Killed(partials, right, _temporary_files(store))


class _HeldAt:
    """Sends a file up to an offset and then nothing more, as long as `hold`."""

    def __init__(self, content: bytes, offset: int) -> None:
        self.content, self.offset = content, offset
        self.hold, self.reached = True, threading.Event()

    def reply(self, asked: Asked) -> Iterable[bytes]:
        """As a hub that has the file."""
        if asked.method == "HEAD":
            yield from published(asked, self.content)
        elif not self.hold:
            yield from whole(asked, self.content)
        else:
            sent = b"".join(whole(asked, self.content))
            yield sent[: len(sent) - len(self.content) + self.offset]
            self.reached.set()
            asked.over.wait()


def _kill_rows(killed: Sequence[Killed]) -> tuple[Row, Row]:
    right, partials = sum(each.right for each in killed), sum(each.partials for each in killed)
    left, of = sum(each.left for each in killed), len(killed)
    ends = f"{right}/{of} end with the right hash, {partials} visible partials"
    target = f"{of}/{of} end with the right hash, 0 visible partials"
    swept = Row("X1", "temporary files of killed downloads, a day later", "0", str(left), left == 0)
    return Row("X1", "download kills", target, ends, ends == target), swept


# Bad answers


@dataclass(frozen=True)
class Told:
    """What became of the cases: those that ended otherwise than they should, partials, tries, tokens sent astray."""

    cases: int
    wrong: tuple[str, ...]
    partials: int
    most_tries: int
    leaks: int


def from_url(home: Path) -> Told:
    """Every case for a source of type url, over a real socket: only the name of the host is turned into ours."""
    with BadHost.serving(whole) as other:
        known = {name: case for name, case in cases("https://cdn.example.net").items() if case.for_url}
        stores = {name: Store(home / name) for name in known}  # one would take a file that it has for every expert
        with BadHost.serving(by_case(known)) as host:
            ports = {"models.example.org": host.port, "cdn.example.net": other.port}
            for name in known:
                source = UrlSource(f"https://models.example.org/bad/{name}/model.gguf", SHA256, len(CONTENT))
                entry = Entry(name, "model", ("zig",), "MIT", "a drill", sources=(source,))
                with suppress(ExpertsError):
                    pull(entry, stores[name], Silent(), fetch=_fetch_by(ports))
    leaks = sum("authorization" in asked.headers for asked in (*host.asked, *other.asked))
    return _told(stores, known, host, leaks)


def _fetch_by(ports: Mapping[str, int]) -> Callable[[Source, Path, Progress], Fetched]:
    """The url source as it is, with short timeouts, and a clock by which every chunk takes ten seconds."""
    ticks = itertools.count(0.0, 10.0)

    def fetch(source: Source, folder: Path, progress: Progress) -> Fetched:
        asked = cast("UrlSource", source)
        return url.fetch(asked, folder, progress, client=lambda: local_client(ports, 1.0), sleep=lambda _: None,
                         clock=lambda: next(ticks), answer_timeout_s=1.0)  # fmt: skip

    return fetch


class _ToOurs(httpx2.HTTPTransport):
    def __init__(self, ports: Mapping[str, int]) -> None:
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # reads no certificates: there is no TLS
        self._ports = ports

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        port = self._ports[request.url.host]
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)
        return super().handle_request(request)


def local_client(ports: Mapping[str, int], stall_timeout_s: float) -> httpx2.Client:
    """A client for which each host of `ports` is that port of this machine, by plain http."""
    return httpx2.Client(transport=_ToOurs(ports), timeout=stall_timeout_s, follow_redirects=False)


async def from_hub(home: Path) -> Told:
    """Every case for a source of type hub, by `lsp-experts pull`."""
    store = Store(_paths(home).store)
    with BadHost.serving(whole) as other:
        known = {name: case for name, case in cases(other.url).items() if case.for_hub}
        _write_overlay(home, dict.fromkeys(known, SHA256))
        with BadHost.serving(by_case(known)) as host:
            slow, others = [[name] for name in _SLOW], [name for name in known if name not in _SLOW]
            pulls = [await _started(home, host, names) for names in (*slow, others)]
            await asyncio.wait_for(asyncio.gather(*(each.wait() for each in pulls)), _HANG_S)
    leaks = sum(CANARY in asked.headers.get("authorization", "") for asked in other.asked)
    return _told(dict.fromkeys(known, store), known, host, leaks)


def _told(stores: Mapping[str, Store], known: Mapping[str, Case], host: BadHost, leaks: int) -> Told:
    wrong = tuple(name for name, case in known.items() if _holds(stores[name], name, SHA256) != case.comes)
    partials = sum(len(_partials(store)) + _temporary_files(store) for store in set(stores.values()))
    paths = [asked.path for asked in host.asked if asked.method == "GET" and "?" not in asked.path]
    most_tries = max(paths.count(path) for path in paths)
    return Told(len(known), wrong, partials, most_tries, leaks)


def _answers_row(*told: Told) -> Row:
    partials, tries = sum(each.partials for each in told), max(each.most_tries for each in told)
    leaks, wrong = sum(each.leaks for each in told), [name for each in told for name in each.wrong]
    measured = (
        f"{sum(each.cases for each in told)} answers: {partials} partial files, at most {tries} tries, "
        f"token sent elsewhere {leaks} times, {len(wrong)} ended otherwise"
    ) + (f" ({', '.join(wrong)})" if wrong else "")
    ok = not partials and not leaks and not wrong and tries <= _MOST_TRIES
    target = f"0 partial files, at most {_MOST_TRIES} tries, the token stays with its host"
    return Row("X3", "hosts that misbehave", target, measured, ok)


# Both


def _paths(home: Path) -> Paths:
    return Paths(home / "data", home / "config", home / "state")


def _write_overlay(home: Path, experts: Mapping[str, str]) -> None:
    """One expert of each id, from a repository of its name; with its hash, where that is known."""
    entries = []
    for name, sha256 in experts.items():
        source = {"type": "hub", "repo": f"bad/{name}", "file": "model.gguf"} | ({"sha256": sha256} if sha256 else {})
        shared = {"kind": "model", "languages": ["zig"], "licence": "MIT", "note": "a drill"}
        entries.append({"id": name, **shared, "sources": [source]})
    overlay = _paths(home).overlay
    overlay.parent.mkdir(parents=True)
    overlay.write_text(json.dumps({"version": 1, "experts": entries}))


async def _started(home: Path, host: BadHost, names: Iterable[str]) -> asyncio.subprocess.Process:
    """`lsp-experts pull`, which takes `host` for the hub and has a token."""
    environment = {
        **os.environ, "LSP_EXPERTS_HOME": str(home), "HF_ENDPOINT": host.url, "HF_TOKEN": CANARY,
        "HF_HOME": str(home / "hub"), "HF_HUB_OFFLINE": "", "HF_HUB_DOWNLOAD_TIMEOUT": "1", "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    nothing = asyncio.subprocess.DEVNULL
    command = (sys.executable, "-m", "lsp_experts", "pull", *names)
    return await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing
    )


def _holds(store: Store, expert: str, sha256: str) -> bool:
    try:
        return store.verify(expert).sha256 == sha256
    except ExpertsError:
        return False


def _partials(store: Store) -> list[Path]:
    """Files under a final name that are not what the name says."""
    return [path for path in store.root.glob("*.gguf") if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem]


def _temporary_files(store: Store) -> int:
    return sum(path.is_file() for path in (store.root / "temporary").rglob("*"))
