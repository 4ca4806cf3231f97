"""The engine without llama.cpp, for tests of everything above it: `python -m lsp_experts.engine.fake [FAULT ...]`.

It speaks engine/protocol.py with toy models (fake_model.py, fake_scoring.py) in a memory (fake_memory.py), and obeys
scripted faults (fake_faults.py). The variable LSP_EXPERTS_FAKE_TEXT says what toys say, LSP_EXPERTS_FAKE_SURPRISE what
surprises them. No test double of the client is needed: the process, the pipe, the signals and the exits are real.
"""

from __future__ import annotations

import base64
import contextlib
import heapq
import itertools
import os
import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from lsp_experts.engine import framing, protocol
from lsp_experts.engine.fake_faults import Fault, Script, parse
from lsp_experts.engine.fake_lab import activations, quantize
from lsp_experts.engine.fake_memory import ToyMemory
from lsp_experts.engine.fake_model import Cancelled, Turn, script_of, toy_tokens
from lsp_experts.engine.fake_scoring import score, surprises_of
from lsp_experts.engine.protocol import (
    Activations,
    Cancel,
    Complete,
    Evict,
    Load,
    LoadReport,
    Logits,
    Quantize,
    Request,
    Score,
    Target,
    Tokenize,
    priority_of,
)
from lsp_experts.errors import EngineError

_MAX_WAITING = 256
_HANG_S = 60.0  # a hanging fake whose test is gone ends by itself
_FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


@dataclass(order=True)
class _Job:
    priority: int
    arrival: int
    request_id: int = field(compare=False)
    op: str = field(compare=False)
    request: Request = field(compare=False)
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def expert(self) -> str:
        return str(getattr(self.request, "expert", ""))

    def computes_on(self, expert: str) -> bool:
        """Whether `expert` completes, scores or reads for it, alone or with partners."""
        if isinstance(self.request, Complete):
            return expert in (self.expert, *self.request.partners)
        return isinstance(self.request, Score | Activations) and expert == self.expert


class FakeEngine:
    """Serves one client over a pair of pipes until its input ends."""

    def __init__(self, script: Script, source: BinaryIO, sink: BinaryIO) -> None:
        self._script, self._source, self._sink = script, source, sink
        self._memory = ToyMemory(script)
        self._surprises = surprises_of(os.environ)
        self._queue: list[_Job] = []
        self._running: _Job | None = None
        self._changed = threading.Condition()
        self._arrivals = itertools.count()
        self._write_lock = threading.Lock()
        self._hanging = False

    def run(self) -> None:
        """Serve on this thread for ever; the process ends when the client closes the pipe."""
        if "stderr" in self._script.settings:
            print(self._script.settings["stderr"], file=sys.stderr, flush=True)
        if "no_hello" in self._script.settings:
            time.sleep(_HANG_S)
        version = int(self._script.number("protocol", protocol.PROTOCOL_VERSION))
        self._send(0, "hello", protocol=version, build={"engine": "fake"})
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while True:
            self._work()

    # -- reader thread ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := self._source.readline(protocol.MAX_LINE_BYTES + 1):
                if len(line) > protocol.MAX_LINE_BYTES:
                    break
                if self._hanging:
                    time.sleep(_HANG_S)
                if "requests" in self._script.settings:
                    with Path(self._script.settings["requests"]).open("ab") as file:
                        file.write(line)
                self._receive(line)
        os._exit(0)

    def _receive(self, line: bytes) -> None:
        try:
            request_id, op, request = framing.decode_request(line)
        except EngineError as error:
            self._fail(framing.readable_id(line), error.code, error.message)
            return
        if op == "shutdown":
            os._exit(0)
        if op == "ping":
            self._send(request_id, "done")
        elif op == "state":
            self._misbehave("state")
            self._send(request_id, "done", **asdict(self._memory.state(len(self._queue))))
        elif isinstance(request, Cancel):
            self._drop(lambda job: job.request_id == request.target)
            self._send(request_id, "done")
        else:
            if op in ("evict", "park") and isinstance(request, Target | Evict):
                self._drop(lambda job: job.computes_on(request.expert))
            self._put(request_id, op, request)

    def _put(self, request_id: int, op: str, request: Request) -> None:
        with self._changed:
            full = len(self._queue) >= _MAX_WAITING
            if not full:
                heapq.heappush(self._queue, _Job(priority_of(request), next(self._arrivals), request_id, op, request))
                self._changed.notify()
        if full:
            self._fail(request_id, "busy", "too many requests wait")

    def _drop(self, matches: Callable[[_Job], bool]) -> None:
        with self._changed:
            dropped = [job for job in self._queue if matches(job)]
            self._queue = [job for job in self._queue if not matches(job)]
            heapq.heapify(self._queue)
            if self._running and matches(self._running):
                self._running.cancelled.set()
        for job in dropped:
            self._fail(job.request_id, "cancelled", "cancelled before it started")

    # -- compute thread -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        with self._changed:
            while not self._queue:
                self._changed.wait()
            job = self._running = heapq.heappop(self._queue)
        try:
            extra_bufts = isinstance(job.request, Load) and job.request.use_extra_bufts
            self._misbehave(job.op, job.expert, extra_bufts=extra_bufts)
            self._send(job.request_id, "done", **self._run(job))
        except Cancelled:
            self._fail(job.request_id, "cancelled", "cancelled")
        except EngineError as error:
            self._fail(job.request_id, error.code, error.message)
        finally:
            with self._changed:
                self._running = None

    def _run(self, job: _Job) -> dict[str, Any]:
        match job.op, job.request:
            case "load", Load() as load:
                return self._load(job, load)
            case "complete", Complete() as request:
                return self._complete(job, request)
            case "score", Score() as request:
                return asdict(score(self._memory.hot_toy(request.expert), request, self._turn_of(job), self._surprises))
            case "park" | "unpark" | "evict", Target() | Evict() as request:
                return self._move(job.op, request)
            case "logits", Logits() as request:
                tokens, _ = self._memory.toy(request.expert).prompt(request.segments, heal=False, room=1 << 20)
                numbers = array("f", (float(len(token)) for token in tokens)).tobytes()
                return {"logits": base64.b64encode(numbers).decode(), "tokens": [len(token) for token in tokens]}
            case "tokenize", Tokenize() as request:
                self._memory.toy(request.expert)
                return {"tokens": [[sum(map(ord, token)) for token in toy_tokens(text)] for text in request.texts]}
            case "activations", Activations() as request:
                toy = self._memory.hot_toy(request.expert)
                return asdict(activations(toy, request, self._turn_of(job), self._progress_of(job)))
            case "quantize", Quantize() as request:
                return asdict(quantize(request, self._progress_of(job)))
        return {}

    def _progress_of(self, job: _Job) -> Callable[[float], None]:
        return lambda fraction: self._send(job.request_id, "progress", fraction=fraction)

    def _move(self, op: str, request: Target | Evict) -> dict[str, Any]:
        started = time.monotonic()
        time.sleep(self._script.seconds(f"slow_{op}"))
        if isinstance(request, Evict):
            self._memory.evict(request.expert, forget=request.forget)
        elif op == "park":
            self._memory.park(request.expert)
        else:
            self._memory.unpark(request.expert)
        return asdict(self._memory.moved(request.expert, _ms_since(started)))

    def _load(self, job: _Job, load: Load) -> dict[str, Any]:
        started = time.monotonic()
        if load.expert in self._memory:
            raise EngineError("bad_request", f"{load.expert} is loaded already")
        if not 64 <= load.n_ctx <= 131_072 or not 1 <= load.n_threads <= 256 or load.n_gpu_layers < 0:
            raise EngineError("bad_request", "n_ctx, n_threads or n_gpu_layers is out of range")
        self._memory.file_bytes(load)  # what cannot be loaded is refused at once
        shared = self._memory.shares(load)
        for step in range(5):
            self._progress_of(job)(step / 4)
            if job.cancelled.wait(0 if shared else self._script.seconds("slow_load") / 5):
                raise Cancelled
        toy = self._memory.add(load, script_of(load.expert, os.environ))
        state = self._memory.expert_state(toy)
        fim = None if "no_fim" in self._script.settings else _FIM
        return asdict(
            LoadReport(
                file_bytes=toy.file_bytes,
                resident_bytes=state.resident_bytes,
                load_ms=_ms_since(started),
                n_vocab=toy.n_vocab,
                n_ctx=load.n_ctx,
                controls=load.control_texts if fim else (),
                fim=fim,
                architecture="toy",
                file_type="toy",
                weights_bytes=state.weights_bytes,
                shared=shared,
                kv_tokens=state.kv_tokens,
                n_gpu_layers=toy.weights.gpu_layers,
                device_bytes=0 if shared else self._memory.device_bytes(toy.weights),
            )
        )

    def _complete(self, job: _Job, request: Complete) -> dict[str, Any]:
        toy, *partners = (self._memory.hot_toy(name) for name in (request.expert, *request.partners))
        if len({request.expert, *request.partners}) <= len(partners):
            raise EngineError("bad_request", "an ensemble names an expert twice")
        for partner in partners:
            if partner.n_vocab != toy.n_vocab:
                raise EngineError("bad_request", f"{partner.name} has another vocabulary than {toy.name}")

        return asdict(toy.complete(request, self._turn_of(job), partners))

    def _turn_of(self, job: _Job) -> Turn:
        def on_token() -> None:
            self._misbehave("token", job.expert)
            job.cancelled.wait(self._script.seconds("slow"))

        def on_prompt(tokens: int) -> None:
            job.cancelled.wait(self._script.seconds("slow_prompt") * tokens)

        return Turn(
            cancelled=job.cancelled.is_set,
            must_yield=lambda: bool(self._queue) and self._queue[0].priority < job.priority,
            on_prompt=on_prompt,
            on_token=on_token,
            on_text=lambda text: self._send(job.request_id, "piece", text=text),
        )

    # -- both ---------------------------------------------------------------------------------------------------------

    def _misbehave(self, when: str, expert: str = "", *, extra_bufts: bool = False) -> None:
        for fault in self._script.due(when, expert, extra_bufts=extra_bufts):
            once = self._script.settings.get("once")
            if once:
                try:
                    Path(once).touch(exist_ok=False)
                except FileExistsError:
                    continue
            self._commit(fault)

    def _commit(self, fault: Fault) -> None:
        match fault.what:
            case "die":
                number = signal.Signals[fault.argument or "SIGKILL"]
                signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
                os.kill(os.getpid(), number)
                time.sleep(_HANG_S)
            case "exit":
                os._exit(int(fault.argument or 0))
            case "hang" | "stall":
                self._hanging = fault.what == "hang"
                time.sleep(_HANG_S)
                os._exit(0)
            case "garbage":
                self._write(b"ggml says hello\n")
            case "longline":
                self._write(b"x" * (protocol.MAX_LINE_BYTES + 10) + b"\n")
            case "half":
                self._write(b'{"id":1,"event"')
                os._exit(0)
            case "close":
                self._sink.close()
                time.sleep(_HANG_S)
                os._exit(0)
            case "stray":
                self._send(1_000_000, "done")
            case "print":
                os.write(1, b"a stray print\n")

    def _send(self, request_id: int, event: str, **fields: Any) -> None:
        self._write(framing.encode_line({"id": request_id, "event": event, **fields}))

    def _fail(self, request_id: int, code: str, message: str) -> None:
        self._send(request_id, "error", code=code, message=message)

    def _write(self, line: bytes) -> None:
        if self._hanging:
            time.sleep(_HANG_S)
        try:
            with self._write_lock:
                self._sink.write(line)
                self._sink.flush()
        except OSError:
            os._exit(0)


def _ms_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 3)


def main() -> None:
    """Serve with the faults of the command line."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # from here on a stray print goes to stderr
    FakeEngine(parse(sys.argv[1:]), source, sink).run()


if __name__ == "__main__":
    main()
