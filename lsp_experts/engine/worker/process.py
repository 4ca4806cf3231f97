"""The engine process: a reader thread that answers what cannot wait, and the compute thread that runs the models."""

from __future__ import annotations

import base64
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np

from lsp_experts.engine import framing, protocol
from lsp_experts.engine.protocol import (
    Activations,
    Cancel,
    Complete,
    Evict,
    Load,
    Logits,
    Quantize,
    Score,
    Target,
    Tokenize,
)
from lsp_experts.engine.worker.activations import activations
from lsp_experts.engine.worker.expert import N_BATCH
from lsp_experts.engine.worker.generation import complete
from lsp_experts.engine.worker.jobs import Job, JobQueue
from lsp_experts.engine.worker.model import Aborted
from lsp_experts.engine.worker.native import AbortFlag, Native, build_report
from lsp_experts.engine.worker.prompting import Superseded, Turn, build_prompt
from lsp_experts.engine.worker.quantizing import quantize
from lsp_experts.engine.worker.roster import Roster
from lsp_experts.engine.worker.scoring import score
from lsp_experts.errors import EngineError


class EngineProcess:
    """Serves one client over a pair of pipes until its input ends."""

    def __init__(self, native: Native, source: BinaryIO, sink: BinaryIO) -> None:
        self._native, self._source, self._sink = native, source, sink
        self._flag = AbortFlag(native)
        self._jobs = JobQueue()
        self._roster = Roster(native, self._flag)
        self._write_lock = threading.Lock()
        self._flag_lock = threading.Lock()

    def run(self) -> None:
        """Serve for ever on this thread; the process ends when the client closes the pipe."""
        self._send(0, "hello", protocol=protocol.PROTOCOL_VERSION, build=build_report(self._native))
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while True:
            self._work(self._jobs.take())

    # -- reader thread ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := self._source.readline(protocol.MAX_LINE_BYTES + 1):
                if len(line) > protocol.MAX_LINE_BYTES:
                    break  # not our client: nothing after it can be trusted
                self._receive(line)
        os._exit(0)  # the server is gone: no decode may keep this process alive

    def _receive(self, line: bytes) -> None:
        try:
            request_id, op, request = framing.decode_request(line)
        except EngineError as error:
            self._fail(framing.readable_id(line), error)
            return
        if op == "ping":
            self._send(request_id, "done")
        elif op == "shutdown":
            os._exit(0)
        elif op == "state":
            self._send(request_id, "done", **asdict(self._roster.state(self._jobs.waiting())))
        elif isinstance(request, Cancel):
            self._cancel(request)
            self._send(request_id, "done")
        else:
            if op in ("evict", "park") and isinstance(request, Target | Evict):
                self._cancel_expert(request.expert)
            if not self._jobs.put(request_id, op, request):
                self._fail(request_id, EngineError("busy", "too many requests wait"))

    def _cancel(self, cancel: Cancel) -> None:
        with self._flag_lock:
            job, running = self._jobs.cancel(cancel.target)
            if job is None:
                return
            if running:
                if not cancel.keep_prefill or job.generating:
                    self._flag.raise_flag()
                return
        self._fail(job.request_id, EngineError("cancelled", "cancelled before it started"))

    def _cancel_expert(self, expert: str) -> None:
        with self._flag_lock:
            waiting, running = self._jobs.cancel_expert(expert)
            if running:
                self._flag.raise_flag()
        for job in waiting:
            self._fail(job.request_id, EngineError("cancelled", f"{expert} is being put out"))

    # -- compute thread -----------------------------------------------------------------------------------------------

    def _work(self, job: Job) -> None:
        try:
            self._send(job.request_id, "done", **self._run(job))
        except (Aborted, Superseded):
            self._fail(job.request_id, EngineError("cancelled", "cancelled"))
        except EngineError as error:
            self._fail(job.request_id, error)
        except MemoryError:
            self._fail(job.request_id, EngineError("out_of_memory", "no memory in the engine process"))
        finally:
            with self._flag_lock:
                self._jobs.finish()
                self._flag.lower()

    def _run(self, job: Job) -> dict[str, Any]:
        match job.op, job.request:
            case "load", Load() as load:
                return asdict(self._roster.load(load, self._progress_of(job)))
            case "complete", Complete() as request:
                return self._complete(job, request)
            case "score", Score() as request:
                return asdict(score(self._roster.hot(request.expert), request, self._turn_of(job)))
            case "park", Target() as target:
                return asdict(self._roster.park(target.expert))
            case "unpark", Target() as target:
                return asdict(self._roster.unpark(target.expert))
            case "evict", Evict() as evict:
                return asdict(self._roster.evict(evict.expert, forget=evict.forget))
            case "logits", Logits() as request:
                return self._logits(request)
            case "tokenize", Tokenize() as request:
                vocabulary = self._roster.expert(request.expert).vocabulary
                return {"tokens": [vocabulary.tokens(text) for text in request.texts]}
            case "activations", Activations() as request:
                expert = self._roster.hot(request.expert)
                return asdict(activations(expert, self._native, request, self._turn_of(job), self._progress_of(job)))
            case "quantize", Quantize() as request:
                return asdict(quantize(self._native, request, self._progress_of(job)))
            case _:
                raise EngineError("unknown_op", f"{job.op} has no handler")

    def _progress_of(self, job: Job) -> Callable[[float], bool]:
        def on_progress(fraction: float) -> bool:
            self._send(job.request_id, "progress", fraction=round(fraction, 3))
            return not job.cancelled

        return on_progress

    def _turn_of(self, job: Job) -> Turn:
        def enter_generation() -> None:
            job.generating = True

        return Turn(
            cancelled=lambda: job.cancelled,
            must_yield=lambda: self._jobs.urgent_waiting(job.priority),
            enter_generation=enter_generation,
        )

    def _complete(self, job: Job, request: Complete) -> dict[str, Any]:
        experts, turn = self._roster.speakers(request), self._turn_of(job)
        report = complete(experts, request, turn, lambda text: self._send(job.request_id, "piece", text=text))
        return asdict(report)

    def _logits(self, request: Logits) -> dict[str, Any]:
        expert = self._roster.expert(request.expert)
        prompt = build_prompt(expert, request.segments, False, expert.n_ctx - 1)
        expert.forget()
        for start in range(0, len(prompt.tokens), N_BATCH):
            expert.decode(prompt.tokens[start : start + N_BATCH])
        raw = np.ascontiguousarray(expert.logits(), dtype="<f4").tobytes()
        return {"logits": base64.b64encode(raw).decode("ascii"), "tokens": prompt.tokens}

    # -- both ---------------------------------------------------------------------------------------------------------

    def _send(self, request_id: int, event: str, **fields: Any) -> None:
        if event in ("done", "error"):
            fields["work"] = [self._native.decoded_tokens, self._native.prompt_tokens]
        line = framing.encode_line({"id": request_id, "event": event, **fields})
        try:
            with self._write_lock:
                self._sink.write(line)
                self._sink.flush()
        except OSError:
            os._exit(0)  # nobody reads any more

    def _fail(self, request_id: int, error: EngineError) -> None:
        self._send(request_id, "error", code=error.code, message=error.message)


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's own file descriptors; from then on a stray print, C's included, goes to stderr."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")
