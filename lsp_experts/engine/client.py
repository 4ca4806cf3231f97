"""The server's end of the pipe to one engine process.

Invariants: a call ends exactly once; whatever comes down the pipe that is not the protocol ends the process, and with
it every open call, as EngineDied; a process is always reaped. While no call is open, no timer runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lsp_experts.engine.call import Call, OpenRequest
from lsp_experts.engine.death import Death, exit_name, prefer_as_memory_victim
from lsp_experts.engine.framing import encode_request
from lsp_experts.engine.protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, Cancel, Empty, Request
from lsp_experts.engine.requests import Requests
from lsp_experts.engine.stderr_tail import StderrTail
from lsp_experts.engine.work import Work, work_of
from lsp_experts.errors import EngineDied, EngineError

R = TypeVar("R")
_NEVER_WAIT = ("cancel", "state", "ping", "shutdown")  # ops that do not run on a model


@dataclass(frozen=True)
class Patience:
    """How long the client waits, in seconds."""

    start_s: float = 60.0  # for the hello: the import of a large library from a cold disk
    ping_every_s: float = 5.0  # only while a call is open
    pong_s: float = 20.0  # a process that does not answer a ping for so long hangs
    progress_s: float = 600.0  # it answers pings, yet no call has moved for so long: its compute thread hangs
    close_s: float = 0.25  # between the wish to end and the kill


class _NotProtocolError(Exception):
    """A line that this protocol does not know; the text says what it was, and never quotes it."""


class EngineClient(Requests):
    """One engine process. Made by `start`; bound to the event loop that started it."""

    def __init__(self, process: Process, tail: StderrTail, patience: Patience) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the engine needs three pipes")
        self.pid = process.pid
        self.build: Mapping[str, Any] = {}
        self.death: Death | None = None
        self.work = Work()
        self._process, self._tail, self._patience = process, tail, patience
        self._stdin, self._stdout = process.stdin, process.stdout
        self._ids = itertools.count(1)
        self._open: dict[int, OpenRequest] = {}
        self._running: OpenRequest | None = None
        self._on_death: Callable[[Death], None] | None = None
        self._closing = self._killed = False
        self._broken = ""  # why we killed it, "" while we have not
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self._hello: asyncio.Future[str] = self._loop.create_future()
        self._heart: asyncio.Task[None] | None = None
        self._drain = self._loop.create_task(tail.drain(process.stderr))
        self._reader = self._loop.create_task(self._read())

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        cwd: Path | str | None = None,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        patience: Patience | None = None,
    ) -> EngineClient:
        """Start a process and wait for its hello. EngineDied if it does not come or speaks another version."""
        patience = patience or Patience()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=cwd, env=environment, limit=MAX_LINE_BYTES,
                start_new_session=True,  # Ctrl-C in a terminal is for the server, which then closes the engine
            )  # fmt: skip
        except OSError as error:
            raise EngineDied(f"it cannot be started: {error}") from error
        prefer_as_memory_victim(process.pid)
        client = cls(process, StderrTail(log), patience)
        try:
            problem = await asyncio.wait_for(asyncio.shield(client._hello), patience.start_s)
        except TimeoutError:
            client._break_off(f"no hello within {patience.start_s:g} s")
            problem = await client._hello
        except BaseException:
            await client.close()
            raise
        if problem:
            await client.ended()
            raise EngineDied(problem, tail=client.stderr_tail)
        return client

    @property
    def open_requests(self) -> int:
        """How many requests have not ended in the engine."""
        return len(self._open)

    @property
    def alive(self) -> bool:
        """True while requests can be sent."""
        return not (self._closing or self._broken or self._reader.done() or self.death)

    @property
    def stderr_tail(self) -> str:
        """The last lines of the engine's stderr."""
        return self._tail.text()

    def when_dead(self, callback: Callable[[Death], None]) -> None:
        """Call `callback` once when the process ends unasked, before its open calls end; at once if that was before."""
        self._on_death = callback
        if self.death:
            callback(self.death)

    # -- the end ------------------------------------------------------------------------------------------------------

    async def ended(self) -> None:
        """Wait until the process is reaped and its calls have ended, whoever ended it."""
        await asyncio.wait({self._reader})

    async def close(self) -> None:
        """End the process: asked first, killed after `close_s`. Open calls end as cancelled. Twice is fine."""
        if self.alive:
            with contextlib.suppress(EngineError):
                self._call("shutdown", Empty(), lambda _: None)
        self._closing = True
        self._end_calls(EngineError("cancelled", "the engine is being closed"))
        try:
            self._stdin.close()
            await asyncio.wait({self._reader}, timeout=self._patience.close_s)
        finally:
            if not self._reader.done():
                self._kill()
                self._stdout.feed_eof()
        await self.ended()

    # -- writing ------------------------------------------------------------------------------------------------------

    def _call(
        self,
        op: str,
        request: Request,
        report: Callable[[Mapping[str, Any]], R],
        on_progress: Callable[[float], None] | None = None,
    ) -> Call[R]:
        if not self.alive:
            return Call.failed(self.death.error if self.death else EngineDied(self._broken or "closed"))
        request_id = next(self._ids)
        line = encode_request(request_id, op, request)
        if len(line) > MAX_LINE_BYTES:
            return Call.failed(EngineError("bad_request", f"a request of {len(line)} bytes is over {MAX_LINE_BYTES}"))
        call: Call[R] = Call(request_id, lambda keep: self._cancel(request_id, keep))
        if not self._open:
            self._heard_s = self._loop.time()
        entry = self._open[request_id] = OpenRequest(call, op, request, report, on_progress)
        if self._running is None and op not in _NEVER_WAIT:
            self._running = entry
        if not self._stdin.transport.is_closing():  # else its end is on the way, and ends this call, too
            self._stdin.write(line)
        if op != "ping" and (self._heart is None or self._heart.done()):
            self._heart = self._loop.create_task(self._watch())
        return call

    def _cancel(self, request_id: int, keep_prefill: bool) -> None:
        if self.alive and request_id in self._open:
            self._call("cancel", Cancel(request_id, keep_prefill), lambda _: None)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            while not self._broken:
                line = await self._stdout.readline()
                if not line.endswith(b"\n"):
                    break  # the end; half a line is no line
                if not self._closing:
                    self._receive(line)
        except _NotProtocolError as problem:
            self._broken = str(problem)
        except ValueError:  # what StreamReader makes of a line over its limit
            self._broken = f"a line of over {MAX_LINE_BYTES} bytes"
        except asyncio.CancelledError:
            self._closing = True  # the loop is being shut down
            self._kill()
            raise
        finally:
            await self._bury()

    def _receive(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise _NotProtocolError("it sent a line that is not JSON") from None
        if not isinstance(event, dict) or type(event.get("id")) is not int:
            raise _NotProtocolError("it sent a line without an id")
        if not self._hello.done():
            self._greet(event)
            return
        entry = self._open.get(event["id"])
        if entry is None:
            raise _NotProtocolError("it answered a request that is not open")
        if entry.op != "ping":
            self._heard_s = self._loop.time()
        self.work = work_of(event.get("work")) or self.work
        match event.get("event"):
            case "piece" if isinstance(event.get("text"), str):
                self._running = entry
                entry.call.add_piece(event["text"])
            case "progress" if isinstance(fraction := event.get("fraction"), int | float) and 0 <= fraction <= 1:
                self._running = entry
                if entry.on_progress and not entry.call.ended:
                    self._loop.call_soon(entry.on_progress, float(fraction))  # its errors are not ours
            case "done":
                self._close_entry(entry)
                self._finish(entry, event)
            case "error":
                self._close_entry(entry)
                entry.call.end(EngineError(str(event.get("code")), str(event.get("message"))))
            case _:
                raise _NotProtocolError("it sent an event that this version does not know")

    def _greet(self, event: Mapping[str, Any]) -> None:
        if event.get("event") != "hello":
            raise _NotProtocolError("its first line was no hello")
        if event.get("protocol") != PROTOCOL_VERSION:
            raise _NotProtocolError(f"it speaks protocol {event.get('protocol')!r:.20}, not {PROTOCOL_VERSION}")
        build = event.get("build")
        self.build = build if isinstance(build, dict) else {}
        self._hello.set_result("")

    def _finish(self, entry: OpenRequest, event: Mapping[str, Any]) -> None:
        if entry.call.ended:
            return
        try:
            report = entry.report(event)
        except (EngineError, ValueError, KeyError, TypeError):
            self._open[entry.call.id] = entry  # it ends with the others
            raise _NotProtocolError(f"its answer to {entry.op} lacks a field") from None
        entry.call.end(report)

    def _close_entry(self, entry: OpenRequest) -> None:
        del self._open[entry.call.id]
        if self._running is entry:
            waiting = (other for other in self._open.values() if other.op not in _NEVER_WAIT)
            self._running = min(waiting, key=lambda other: other.rank, default=None)

    # -- life and death -----------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """The heartbeat: runs while a call is open."""
        while self._open and self.alive:
            await asyncio.sleep(self._patience.ping_every_s)
            if not self._open or not self.alive:
                return
            pong = self.ping()
            try:
                await asyncio.wait_for(pong.result(), self._patience.pong_s)
            except TimeoutError:
                self._break_off(f"no answer for {self._patience.pong_s:g} s")
            except EngineError:
                return
            if self._open and self._loop.time() - self._heard_s > self._patience.progress_s:
                self._break_off(f"no progress for {self._patience.progress_s:g} s")

    def _break_off(self, reason: str) -> None:
        """Kill a process that cannot be trusted any more."""
        if self.alive:
            self._broken = reason
            self._kill()
            self._stdout.feed_eof()

    def _kill(self) -> None:
        """Once: Popen reaps what it finds dead before it signals, and asyncio would then not see the return code."""
        if not self._killed:
            self._killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                self._process.kill()

    async def _bury(self) -> None:
        """Reap the process, then end every open call."""
        if self._broken:
            self._kill()
        try:
            await self._reap()
        finally:
            error = EngineDied(self._broken or exit_name(self._process.returncode), self._tail.text())
            if not self._closing:
                running = self._running
                self.death = Death(error, running.op, running.request) if running else Death(error)
            try:
                if self.death and self._on_death:
                    self._on_death(self.death)
            finally:
                self._end_calls(error)
                if not self._hello.done():
                    self._hello.set_result(error.signal_name)
                if self._heart:
                    self._heart.cancel()

    async def _reap(self) -> None:
        """Wait for the exit and for the rest of stderr; both are bounded, since a grandchild may hold a pipe open."""
        try:
            try:
                await asyncio.wait_for(self._process.wait(), 1.0)
            except TimeoutError:
                self._kill()  # it closed its pipe and lives on
                await asyncio.wait_for(self._process.wait(), 5.0)
            await asyncio.wait({self._drain}, timeout=0.2)
        except TimeoutError:  # not even SIGKILL: it hangs in the kernel, and is reaped when it returns
            return
        finally:
            self._drain.cancel()
            self._tail.close()
            self._process._transport.close()  # type: ignore[attr-defined]  # the only way to close all its pipes

    def _end_calls(self, error: EngineError) -> None:
        entries, self._open, self._running = list(self._open.values()), {}, None
        for entry in entries:
            entry.call.end(error)
