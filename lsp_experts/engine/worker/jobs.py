"""The queue between the reader thread and the compute thread."""

from __future__ import annotations

import heapq
import itertools
import threading
from dataclasses import dataclass, field

from lsp_experts.engine.protocol import Activations, Complete, Request, Score, priority_of

MAX_WAITING = 256


@dataclass(order=True)
class Job:
    """A request that waits or runs."""

    priority: int
    arrival: int
    request_id: int = field(compare=False)
    op: str = field(compare=False)
    request: Request = field(compare=False)
    cancelled: bool = field(default=False, compare=False)
    generating: bool = field(default=False, compare=False)  # the prompt is decoded, its cells are safe

    def computes_on(self, expert: str) -> bool:
        """Whether `expert` completes, scores or reads for it, alone or with partners."""
        request = self.request
        if isinstance(request, Complete):
            return expert in (request.expert, *request.partners)
        return isinstance(request, Score | Activations) and expert == request.expert


class JobQueue:
    """Jobs by (priority, arrival). One consumer; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._heap: list[Job] = []
        self._arrivals = itertools.count()
        self.running: Job | None = None

    def put(self, request_id: int, op: str, request: Request) -> bool:
        """Queue a request; False if too many wait."""
        with self._lock:
            if len(self._heap) >= MAX_WAITING:
                return False
            heapq.heappush(self._heap, Job(priority_of(request), next(self._arrivals), request_id, op, request))
            self._lock.notify()
        return True

    def take(self) -> Job:
        """Wait for the next job and make it the running one."""
        with self._lock:
            while not self._heap:
                self._lock.wait()
            self.running = heapq.heappop(self._heap)
            return self.running

    def finish(self) -> None:
        """The running job has been answered."""
        with self._lock:
            self.running = None

    def waiting(self) -> int:
        """Jobs that have not started."""
        with self._lock:
            return len(self._heap)

    def urgent_waiting(self, priority: int) -> bool:
        """Whether a job more urgent than `priority` waits."""
        with self._lock:
            return bool(self._heap) and self._heap[0].priority < priority

    def cancel(self, request_id: int) -> tuple[Job | None, bool]:
        """Cancel a job: (the job if there is one, whether it was running)."""
        with self._lock:
            if self.running is not None and self.running.request_id == request_id:
                self.running.cancelled = True
                return self.running, True
            for job in self._heap:
                if job.request_id == request_id:
                    self._drop([job])
                    return job, False
        return None, False

    def cancel_expert(self, expert: str) -> tuple[list[Job], bool]:
        """Cancel what computes on an expert: (those that waited, whether one was running)."""
        with self._lock:
            waiting = [job for job in self._heap if job.computes_on(expert)]
            self._drop(waiting)
            if self.running is None or not self.running.computes_on(expert):
                return waiting, False
            self.running.cancelled = True
            return waiting, True

    def _drop(self, jobs: list[Job]) -> None:
        gone = {id(job) for job in jobs}
        self._heap = [job for job in self._heap if id(job) not in gone]
        heapq.heapify(self._heap)
