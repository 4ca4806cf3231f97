"""The drill of remote experts: whatever their host does, the local expert answers in time, and nobody else is told."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.faults.bad_remote import BadRemote, Heard, Line
from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.real_server import answer_to, ask, install, messages, open_document, serving, suggestion
from lsp_experts.lab.faults.remote_replies import FAULTS, saying, sending
from lsp_experts.lab.faults.row import Row, named
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import changed
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.registry.named_hosts import forget_host, name_host

_ASKED = 200  # beside a host that stands still, and without any
_ASKED_EACH = 3  # of each host that misbehaves
_IN_TIME_BEFORE = 5
_MOST_RATIO = 1.3
_UNNAMED = "models.example.org"
_KEY = "drill-key-that-nobody-may-read"
_WORDS = "canaryOfTheDocument"
_URI = "untitled:main.go"
_GONE = sending()  # hangs up


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """Hosts that misbehave, one that stands still, and one that the user never named."""
    return (
        *await _misbehaving(stand, on_step),
        await _stalled(replace(stand, home=stand.home / "stalled"), on_step),
        *await _unnamed(replace(stand, home=stand.home / "unnamed"), on_step),
    )


def _name_remote(overlay: Path, endpoint: str) -> None:
    """Put a remote expert for Go into an overlay registry."""
    known: dict[str, Any] = {"version": 1, "experts": []}
    if overlay.exists():
        known = json.loads(overlay.read_text())
    known["experts"].append(
        {"id": "team-go", "kind": "remote", "languages": ["go"], "licence": "MIT", "note": "a drill", "fim": "qwen",
         "remote": {"endpoint": endpoint, "model": "m", "key_variable": "DRILL_KEY"}}
    )  # fmt: skip
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(json.dumps(known))


async def _misbehaving(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    names = list(FAULTS)[: stand.times(len(FAULTS))]
    unanswered, shown, logged = [], [], []
    for number, name in enumerate(names):
        on_step("hosts that misbehave", number, len(names))
        one = replace(stand, home=stand.home / f"host {number}")
        async with BadRemote.serving(FAULTS[name][0]) as host:
            _name_remote(one.paths.overlay, host.endpoint)
            log = one.home / "log"
            async with serving(one.home, command=SCRIPTED, environment=_environment(log)) as client:
                open_document(client, _URI, "go", _text(0))
                await suggestion(client, _URI, _text(0))
                said = [await _typed(client, at) for at in range(1, 1 + _ASKED_EACH)]
                unanswered += [name] * (not all(said) or not host.heard)
                shown += [name] * bool(messages(client))
        told = log.read_text() + client.stderr.decode("utf-8", "replace")
        logged += [name] * any(secret in told for secret in (_KEY, _WORDS, "xxxx"))
    return (
        Row("remote", f"hosts that misbehave, {_ASKED_EACH} requests each: the local expert answered",
            f"{len(names)}/{len(names)}", f"{len(names) - len(unanswered)}/{len(names)}{_which(unanswered)}",
            not unanswered),
        Row("remote", "of them, those that made a message pop up", "0", named(shown), not shown),
        Row("remote", "of them, those that left a key, code or an answer in a log at DEBUG", "0", named(logged),
            not logged),
    )  # fmt: skip


async def _stalled(stand: Stand, on_step: OnStep) -> Row:
    """The same keys with a host that answers in time at first and then stands still, and without it, in turn."""
    asked, stalls = stand.times(_ASKED), _IN_TIME_BEFORE
    model = stand.model or write_tiny_gguf(_made(stand.home) / "tiny.gguf", n_ctx=2048)
    alone, beside = (replace(stand, home=_made(stand.home / name)) for name in ("alone", "beside"))
    requests = count()

    async def reply(heard: Heard, line: Line) -> None:
        await (saying(" x") if next(requests) < stalls else sending(then_waits=True))(heard, line)

    for one in (alone, beside):
        install(one.paths, {"go": model})
    async with BadRemote.serving(reply) as host:
        _name_remote(beside.paths.overlay, host.endpoint)
        async with serving(alone.home) as without, serving(beside.home) as client:
            for each in (without, client):
                open_document(each, _URI, "go", _text(0))
                await suggestion(each, _URI, _text(0))
            with_ms: list[float] = []
            without_ms: list[float] = []
            for number in range(1, asked + 1):
                on_step("keys beside a host that stands still", number, asked)
                turns = [(client, with_ms), (without, without_ms)]
                for each, times in turns if number % 2 else reversed(turns):
                    started_s = time.monotonic()
                    await _typed(each, number)
                    times.append((time.monotonic() - started_s) * 1000)
    p95, alone_p95 = percentile(sorted(with_ms), 0.95), percentile(sorted(without_ms), 0.95)
    measured = f"{p95 / alone_p95:.2f} ({p95:.0f} / {alone_p95:.0f} ms, {asked} keys each, {len(host.heard)} sent)"
    return Row("remote", "local p95 beside a host that stands still / without it", f"<= {_MOST_RATIO}", measured,
               p95 <= _MOST_RATIO * alone_p95 and len(host.heard) > stalls)  # fmt: skip


async def _unnamed(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """All that is not for this machine goes through a proxy here, which counts it."""
    on_step("hosts that nobody named", 0, 1)
    async with BadRemote.serving(_GONE) as proxy:
        _name_remote(stand.paths.overlay, f"https://{_UNNAMED}/v1")
        through = f"http://127.0.0.1:{proxy.port}"
        environment = _environment(stand.home / "log") | {"HTTPS_PROXY": through, "HTTP_PROXY": through}
        async with serving(stand.home, command=SCRIPTED, environment=environment) as client:
            open_document(client, _URI, "go", _text(0))
            await suggestion(client, _URI, _text(0))
            typed = count(1)
            for _ in range(20):
                await _typed(client, next(typed))
            unnamed = proxy.received_bytes
            name_host(stand.paths.named_hosts, _UNNAMED)
            while not proxy.heard:  # the first request makes the client in a thread
                await _typed(client, next(typed))
            forget_host(stand.paths.named_hosts, _UNNAMED)
            await _typed(client, next(typed))  # ends what was on its way
            once = proxy.received_bytes
            for _ in range(20):
                await _typed(client, next(typed))
            forgotten = proxy.received_bytes - once
    control = f"after it was named: {once} bytes, {proxy.heard[0].method} {proxy.heard[0].path}"
    return (
        Row("remote", "bytes to a host that the user never named, 20 requests", "0", f"{unnamed} ({control})",
            unnamed == 0),
        Row("remote", "bytes to a host that the user took back, 20 requests", "0", str(forgotten), forgotten == 0),
    )  # fmt: skip


async def _typed(client: RawClient, number: int) -> str | None:
    """Change the document and ask behind the change; what is suggested."""
    text = _text(number)
    client.notify("textDocument/didChange", changed(_URI, number + 1, {"text": text}))
    return await answer_to(client, ask(client, _URI, text))


def _text(number: int) -> str:
    return f"package main\n\nfunc {_WORDS}() int {{\n\tvalue{number} := ret"


def _environment(log: Path) -> dict[str, str]:
    _made(log.parent)
    return {"DRILL_KEY": _KEY, "LSP_EXPERTS_TEST_LOG": str(log)}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _which(names: Sequence[str]) -> str:
    return f", not beside {', '.join(names)}" if names else ""
