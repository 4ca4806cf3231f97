"""Shows in the editor which expert is being loaded, how far it is, and that it is ready; quick loads are not shown."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_experts.server.timers import CallLater, Timer, call_later

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

SHOWN_AFTER_S = 0.15  # what is over sooner is no wait worth a word
_STEP_PERCENT = 5
_CREATE_TIMEOUT_S = 5.0


class _Bar:
    """One expert's progress; `percent` is what the client was told last."""

    def __init__(self) -> None:
        self.token = f"lsp-experts-{uuid.uuid4()}"
        self.timer: Timer | None = None
        self.percent = 0
        self.late = False  # it took so long that it is shown
        self.shown = False
        self.over = False


class LoadProgress:
    """`show` takes the experts that load now; `$/progress` if the client can, otherwise a line in its log.

    `call_later` is the running loop's, unless a test brings its own.
    """

    def __init__(self, server: ExpertsServer, call_later: CallLater = call_later) -> None:
        self._server = server
        self._call_later = call_later
        self._bars: dict[str, _Bar] = {}

    def show(self, fractions: Mapping[str, float]) -> None:
        """The experts that are being loaded, each with how much of it is done (0 to 1)."""
        for expert in [expert for expert in self._bars if expert not in fractions]:
            self._end(expert, self._bars.pop(expert))
        for expert, fraction in fractions.items():
            if expert not in self._bars:
                self._begin(expert)
            self._report(self._bars[expert], int(fraction * 100))

    def _begin(self, expert: str) -> None:
        bar = self._bars[expert] = _Bar()
        bar.timer = self._call_later(SHOWN_AFTER_S, lambda: self._appear(expert, bar))

    def _appear(self, expert: str, bar: _Bar) -> None:
        bar.late = True
        if self._server.client.progress:
            self._server.protocol.in_background(self._create(expert, bar), "progress")
        else:
            self._server.notices.log(f"loading the expert {expert}")

    async def _create(self, expert: str, bar: _Bar) -> None:
        """Ask for a token; a client that refuses or does not answer sees no progress, and nothing else changes."""
        try:
            params = t.WorkDoneProgressCreateParams(bar.token)
            await asyncio.wait_for(self._server.window_work_done_progress_create_async(params), _CREATE_TIMEOUT_S)
        except (JsonRpcException, TimeoutError):
            return
        if bar.over:
            return
        bar.shown = True
        begin = t.WorkDoneProgressBegin(title=f"Loading expert {expert}", percentage=bar.percent, cancellable=False)
        self._send(bar, begin)

    def _report(self, bar: _Bar, percent: int) -> None:
        if percent < bar.percent + _STEP_PERCENT:
            return
        bar.percent = min(percent, 100)
        if bar.shown:
            self._send(bar, t.WorkDoneProgressReport(percentage=bar.percent))

    def _end(self, expert: str, bar: _Bar) -> None:
        bar.over = True
        if bar.timer is not None:
            bar.timer.cancel()
        if bar.shown:
            self._send(bar, t.WorkDoneProgressEnd())
        elif bar.late and not self._server.client.progress:
            self._server.notices.log(f"the expert {expert} is no longer loading")

    def _send(self, bar: _Bar, value: object) -> None:
        self._server.protocol.notify(t.PROGRESS, t.ProgressParams(token=bar.token, value=value))
