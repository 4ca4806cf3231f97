"""One wait that the user sees: `$/progress` if the client can, otherwise a line in its log when it begins and ends."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_experts.server.timers import CallLater, Timer, call_later

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

SHOWN_AFTER_S = 0.15  # what is over sooner is no wait worth a word
_STEP_PERCENT = 5
_SAY_EVERY_S = 0.25
_CREATE_TIMEOUT_S = 5.0


class Bar:
    """Shown once it turns out slow. `lines`: what the log gets instead. `token`: the client's own, if it gave one.

    `measured`: it is known how much is done. `call_later` is the running loop's, unless a test brings its own.
    """

    def __init__(
        self,
        server: ExpertsServer,
        title: str,
        lines: tuple[str, str],
        *,
        measured: bool = False,
        cancellable: bool = False,
        token: t.ProgressToken | None = None,
        call_later: CallLater = call_later,
    ) -> None:
        self.token: t.ProgressToken = f"lsp-experts-{uuid.uuid4()}" if token is None else token
        self._server, self._title, self._lines = server, title, lines
        self._percent = 0 if measured else None
        self._cancellable, self._given, self._call_later = cancellable, token is not None, call_later
        self._timer: Timer | None = call_later(SHOWN_AFTER_S, self._appear)
        self._pause: Timer | None = None  # until the next message may be told
        self._said = self._told = ""
        self._late = self._shown = self._over = False

    def report(self, fraction: float) -> None:
        """So much is done (0 to 1)."""
        percent = min(int(fraction * 100), 100)
        if self._percent is None or percent < self._percent + _STEP_PERCENT:
            return
        self._percent = percent
        if self._shown:
            self._send(t.WorkDoneProgressReport(percentage=percent))

    def say(self, message: str) -> None:
        """What is done now; of news that come faster than they can be read only the latest is told."""
        self._said = message
        if self._shown and self._pause is None:
            self._tell()

    def end(self) -> None:
        """It is over."""
        self._over = True
        for timer in (self._timer, self._pause):
            if timer is not None:
                timer.cancel()
        if self._shown:
            self._send(t.WorkDoneProgressEnd())
        elif self._late and not self._can_show:
            self._server.notices.log(self._lines[1])

    @property
    def _can_show(self) -> bool:
        return self._given or self._server.client.progress

    def _appear(self) -> None:
        self._late = True
        if self._given:
            self._begin()
        elif self._can_show:
            self._server.protocol.in_background(self._create(), "progress")
        else:
            self._server.notices.log(self._lines[0])

    async def _create(self) -> None:
        """Ask for a token; a client that refuses or does not answer sees no progress, and nothing else changes."""
        try:
            params = t.WorkDoneProgressCreateParams(self.token)
            await asyncio.wait_for(self._server.window_work_done_progress_create_async(params), _CREATE_TIMEOUT_S)
        except (JsonRpcException, TimeoutError):
            return
        if not self._over:
            self._begin()

    def _begin(self) -> None:
        self._shown, self._told = True, self._said
        self._send(
            t.WorkDoneProgressBegin(
                title=self._title,
                percentage=self._percent,
                cancellable=self._cancellable,
                message=self._said or None,
            )
        )

    def _tell(self) -> None:
        self._pause = None
        if self._said != self._told:
            self._told = self._said
            self._send(t.WorkDoneProgressReport(message=self._said, cancellable=self._cancellable))
            self._pause = self._call_later(_SAY_EVERY_S, self._tell)

    def _send(self, value: object) -> None:
        self._server.protocol.notify(t.PROGRESS, t.ProgressParams(token=self.token, value=value))
