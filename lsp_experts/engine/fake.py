"""The engine without llama.cpp, for tests of everything above it: `python -m lsp_experts.engine.fake [FAULT ...]`.

It speaks engine/protocol.py with a toy model (fake_model.py) and obeys scripted faults (fake_faults.py). No test double
of the client is needed: the process, the pipe, the signals and the exits are real.
"""

from __future__ import annotations

import base64
import contextlib
import heapq
import itertools
import os
import signal
import stat
import sys
import threading
import time
from array import array
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from lsp_experts.engine import protocol
from lsp_experts.engine.fake_faults import Fault, Script, parse
from lsp_experts.engine.fake_model import Cancelled, ToyExpert, Turn, script_of, toy_tokens
from lsp_experts.engine.protocol import Cancel, Complete, Load, LoadReport, Logits, Request, Target, Tokenize
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


class FakeEngine:
    """Serves one client over a pair of pipes until its input ends."""

    def __init__(self, script: Script, source: BinaryIO, sink: BinaryIO) -> None:
        self._script, self._source, self._sink = script, source, sink
        self._experts: dict[str, ToyExpert] = {}
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
                self._receive(line)
        os._exit(0)

    def _receive(self, line: bytes) -> None:
        try:
            request_id, op, request = protocol.decode_request(line)
        except EngineError as error:
            self._fail(protocol.readable_id(line), error.code, error.message)
            return
        if op == "shutdown":
            os._exit(0)
        if op == "ping":
            self._send(request_id, "done")
        elif op == "state":
            self._misbehave("state")
            self._send(request_id, "done", **asdict(self._state()))
        elif isinstance(request, Cancel):
            self._drop(lambda job: job.request_id == request.target)
            self._send(request_id, "done")
        else:
            if op in ("evict", "park") and isinstance(request, Target):
                self._drop(lambda job: job.op == "complete" and job.expert == request.expert)
            self._put(request_id, op, request)

    def _put(self, request_id: int, op: str, request: Request) -> None:
        priority = request.priority if isinstance(request, Complete) else -1
        with self._changed:
            full = len(self._queue) >= _MAX_WAITING
            if not full:
                heapq.heappush(self._queue, _Job(priority, next(self._arrivals), request_id, op, request))
                self._changed.notify()
        if full:
            self._fail(request_id, "busy", "too many requests wait")

    def _drop(self, matches: Any) -> None:
        with self._changed:
            dropped = [job for job in self._queue if matches(job)]
            self._queue = [job for job in self._queue if not matches(job)]
            heapq.heapify(self._queue)
            if self._running and matches(self._running):
                self._running.cancelled.set()
        for job in dropped:
            self._fail(job.request_id, "cancelled", "cancelled before it started")

    def _state(self) -> protocol.StateReport:
        factor = self._script.number("rss", 1.0)
        experts = tuple(
            protocol.ExpertState(
                expert=toy.name,
                parked=toy.parked,
                file_bytes=toy.file_bytes,
                resident_bytes=self._resident_bytes(toy),
                kv_tokens=len(toy.mirror),
            )
            for toy in list(self._experts.values())
        )
        own_bytes = int(1_000_000 * factor)
        total_bytes = own_bytes + sum(expert.resident_bytes for expert in experts)
        return protocol.StateReport(total_bytes, own_bytes, experts, len(self._queue))

    def _resident_bytes(self, toy: ToyExpert) -> int:
        """A parked toy keeps a tenth."""
        return int(toy.file_bytes * self._script.number("rss", 1.0)) // (10 if toy.parked else 1)

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
            case "park" | "unpark", Target() as target:
                self._expert(target.expert).parked = job.op == "park"
            case "evict", Target() as target:
                self._experts.pop(target.expert, None)
            case "logits", Logits() as request:
                tokens, _ = self._expert(request.expert).prompt(request.segments, heal=False, room=1 << 20)
                numbers = array("f", (float(len(token)) for token in tokens)).tobytes()
                return {"logits": base64.b64encode(numbers).decode(), "tokens": [len(token) for token in tokens]}
            case "tokenize", Tokenize() as request:
                self._expert(request.expert)
                return {"tokens": [[sum(map(ord, token)) for token in toy_tokens(text)] for text in request.texts]}
        return {}

    def _expert(self, name: str) -> ToyExpert:
        if name not in self._experts:
            raise EngineError("unknown_expert", f"{name} is not loaded")
        return self._experts[name]

    def _load(self, job: _Job, load: Load) -> dict[str, Any]:
        started = time.monotonic()
        if load.expert in self._experts:
            raise EngineError("bad_request", f"{load.expert} is loaded already")
        if not 64 <= load.n_ctx <= 131_072 or not 1 <= load.n_threads <= 256:
            raise EngineError("bad_request", f"n_ctx {load.n_ctx} or n_threads {load.n_threads} is out of range")
        file_bytes = self._file_bytes(load)
        for step in range(5):
            self._send(job.request_id, "progress", fraction=step / 4)
            if job.cancelled.wait(self._script.seconds("slow_load") / 5):
                raise Cancelled
        toy = ToyExpert(load.expert, load.path, file_bytes, load.n_ctx, script_of(load.expert, os.environ))
        toy.probability = self._script.number("probability", toy.probability)
        self._experts[load.expert] = toy
        fim = None if "no_fim" in self._script.settings else _FIM
        return asdict(
            LoadReport(
                file_bytes=file_bytes,
                resident_bytes=self._resident_bytes(toy),
                load_ms=round((time.monotonic() - started) * 1000, 3),
                n_vocab=1000,
                n_ctx=load.n_ctx,
                controls=load.control_texts if fim else (),
                fim=fim,
                architecture="toy",
                file_type="toy",
            )
        )

    def _file_bytes(self, load: Load) -> int:
        if load.expert in self._script.load_failed:
            raise EngineError("load_failed", f"the script refuses {load.expert}")
        if load.expert in self._script.sizes:
            return self._script.sizes[load.expert]
        try:
            status = Path(load.path).stat()
        except OSError as error:
            raise EngineError("load_failed", f"{load.path}: {error.strerror}") from None
        if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            raise EngineError("load_failed", f"{load.path} is not a model file")
        return status.st_size

    def _complete(self, job: _Job, request: Complete) -> dict[str, Any]:
        toy = self._expert(request.expert)
        if toy.parked:
            raise EngineError("bad_request", f"{request.expert} is parked")

        def on_token() -> None:
            self._misbehave("token", request.expert)
            job.cancelled.wait(self._script.seconds("slow"))

        def on_prompt(tokens: int) -> None:
            job.cancelled.wait(self._script.seconds("slow_prompt") * tokens)

        turn = Turn(
            cancelled=job.cancelled.is_set,
            must_yield=lambda: bool(self._queue) and self._queue[0].priority < job.priority,
            on_prompt=on_prompt,
            on_token=on_token,
            on_text=lambda text: self._send(job.request_id, "piece", text=text),
        )
        return asdict(toy.complete(request, turn))

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
            case "stray":
                self._send(1_000_000, "done")
            case "print":
                os.write(1, b"a stray print\n")

    def _send(self, request_id: int, event: str, **fields: Any) -> None:
        self._write(protocol.encode_line({"id": request_id, "event": event, **fields}))

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
