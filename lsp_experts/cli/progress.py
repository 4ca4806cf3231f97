"""Progress of long steps in a terminal: a bar there, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from lsp_experts.registry.sources.fetched import Progress

_LINE_EVERY_S = 10.0
_SHARE_EVERY_S = 30.0

OnStep = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


class BarProgress:
    """A bar with bytes, rate and time, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: RichProgress | None = None
        self._task = TaskID(0)

    def start(self, label: str, total_bytes: int | None) -> None:
        """Shows an empty bar."""
        self.finish()
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._bars.add_task(label, total=total_bytes)
        self._bars.start()

    def advance(self, bytes_done: int) -> None:
        """Moves the bar to that many bytes."""
        if self._bars is not None:
            self._bars.update(self._task, completed=bytes_done)

    def finish(self) -> None:
        """Leaves the bar as it is and goes to the next line."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


class LineProgress:
    """A line at the start and the end and every ten seconds, for logs and pipes."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._label = ""
        self._total: int | None = None
        self._done = 0
        self._started = 0.0
        self._told = 0.0

    def start(self, label: str, total_bytes: int | None) -> None:
        """Names the step and its size."""
        self._label, self._total, self._done = label, total_bytes, 0
        self._started = self._told = self._clock()
        self._print(label + (f": {_megabytes(total_bytes)} to come" if total_bytes is not None else ""))

    def advance(self, bytes_done: int) -> None:
        """Prints a line if the last one is ten seconds old."""
        self._done = bytes_done
        if self._clock() - self._told >= _LINE_EVERY_S:
            self._told = self._clock()
            self._print(self._state())

    def finish(self) -> None:
        """Says how much came, in what time."""
        if self._label:
            self._print(self._state())
            self._label = ""

    def _state(self) -> str:
        took_s = self._clock() - self._started
        rate = self._done / took_s if took_s > 0 else 0.0
        of = f" of {_megabytes(self._total)}" if self._total is not None else ""
        return f"{self._label}: {_megabytes(self._done)}{of} in {took_s:.0f} s ({rate / 1e6:.1f} MB/s)"

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


class ShareProgress:
    """How far a long job is, on standard error: a bar on a terminal, else a line every half a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._told_s = clock, 0.0
        self._console = Console(stderr=True)
        self._bars = RichProgress(console=self._console, transient=True) if self._console.is_terminal else None
        self._task = TaskID(0)

    def __enter__(self) -> ShareProgress:
        if self._bars:
            self._bars.start()
            self._task = self._bars.add_task("", total=1.0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)

    def progress(self, what: str, share: float) -> None:
        """Moves the bar: `share` of `what` is done, 0 to 1."""
        if self._bars:
            self._bars.update(self._task, description=what, completed=share)
        elif self._clock() - self._told_s >= _SHARE_EVERY_S:
            self._told_s = self._clock()
            self.say(f"{what}: {share:.0%}")


@contextmanager
def step_bar(what: str) -> Iterator[OnStep]:
    """A bar on standard error that counts steps and is gone at the end; `what`: before the first one."""
    with RichProgress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)

        def on_step(now: str, done: int, total: int) -> None:
            bars.update(task, description=escape(now), completed=done, total=total)

        yield on_step


def terminal_progress(out: TextIO | None = None) -> Progress:
    """A bar if `out` (standard error unless given) is a terminal, else plain lines."""
    out = sys.stderr if out is None else out
    console = Console(file=out)
    return BarProgress(console) if console.is_terminal else LineProgress(out)


def _megabytes(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:,.1f} MB"
