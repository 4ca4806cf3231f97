"""Asking somebody who may never answer: in a thread of its own, given up once nothing moves any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")

_LOOK_EVERY_S = 0.2


def patiently(ask: Callable[[], T], timeout_s: float, moved: Callable[[], object] = lambda: None) -> T:
    """What `ask` returns or raises; TimeoutError once `moved` has said the same for `timeout_s`.

    Timeouts of sockets do not bound it: name servers have none, and a byte now and then starts them anew. A thread
    that was given up ends with its question, or with the process.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="patience", daemon=True).start()
    last, since = moved(), time.monotonic()
    while not wait([answer], min(_LOOK_EVERY_S, timeout_s)).done:
        seen, now = moved(), time.monotonic()
        if seen != last:
            last, since = seen, now
        elif now - since >= timeout_s:
            raise TimeoutError(f"no answer within {timeout_s:g} s")
    return answer.result()
