"""When the process ends: the client says so, hangs up or dies, or somebody sends a signal. And that it ends in time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from contextlib import suppress

EXIT_LIMIT_S = 0.9  # from the decision to end, whatever the engine or a library thread still does
_PARENT_POLL_S = 1.0
_LOG = logging.getLogger(__name__)


class Lifetime:
    """Collects reasons to end; the first one counts. `poll_s`: how often the parent process is looked at."""

    def __init__(self, poll_s: float = _PARENT_POLL_S) -> None:
        self._over = asyncio.Event()
        self._poll_s = poll_s
        self._code = 0

    def end(self, code: int, why: str) -> None:
        """Ask the process to end with `code`."""
        if not self._over.is_set():
            _LOG.info("ending: %s", why)
            self._code = code
            self._over.set()

    async def over(self) -> int:
        """Wait until something asks for the end; its exit code."""
        await self._over.wait()
        return self._code

    def watch_signals(self) -> None:
        """End on SIGTERM and SIGINT with the shell's exit code for them."""
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            self.end(128 + number, signal.Signals(number).name)

        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, end, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda number, _: loop.call_soon_threadsafe(end, number))

    async def watch_parent(self, process_id: int | None) -> None:
        """End when the process that started us is gone, even if it left the pipe open.

        A process that cannot be seen at the start lives elsewhere (a container, another machine) and is not watched.
        """
        import psutil  # here: 30 ms that the answer to `initialize` need not wait for

        if process_id is None or process_id <= 0:
            return
        with suppress(psutil.Error):
            parent = psutil.Process(process_id)
            # Polled: no event tells of the death of a process that is not a child.
            while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
                await asyncio.sleep(self._poll_s)
            self.end(1, "the client's process is gone")


def force_exit(code: int, limit_s: float = EXIT_LIMIT_S) -> None:
    """End the process after `limit_s`, if it has not ended by then: no thread of any library is waited for."""
    watchdog = threading.Timer(limit_s, os._exit, (code,))
    watchdog.daemon = True
    watchdog.start()
