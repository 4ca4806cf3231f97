"""What the user asked an expert to do and is not done yet: one per document, visible, and ended by many things.

A newer one replaces the older; a change of the document ends what would edit it; the client's Cancel, its
$/cancelRequest, didClose and the end of the server end it too. Nothing of what is ended reaches the client.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from lsp_experts.actions.outcome import Edited, Outcome
from lsp_experts.errors import ActionRefused, EngineError, ExpertsError
from lsp_experts.server.delivery import Delivery, Patience
from lsp_experts.server.progress_bar import Bar
from lsp_experts.server.protocol import describe
from lsp_experts.server.refusals import CANCELLED, CHANGED, NotDone, is_quiet, kind_of, stale

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

_LOG = logging.getLogger(__name__)

REQUEST_TOKEN: ContextVar[t.ProgressToken | None] = ContextVar("the workDoneToken of the running request", default=None)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """`work` does it and may raise ActionRefused; it gives None where there is nothing to deliver.

    `uri`: the document it is for; `edits`: a change of that document ends it. `title` is what the user reads meanwhile.
    """

    name: str
    title: str
    uri: str
    work: Callable[[Progress], Awaitable[Outcome | None]]
    edits: bool = True


@dataclass(eq=False)
class _Running:
    run: Run
    bar: Bar
    ended: asyncio.Future[NotDone]  # as soon as something ends it
    closed: set[str] = field(default_factory=set)  # documents that may be open with another text and the same version

    def end(self, why: NotDone) -> None:
        if not self.ended.done():
            self.ended.set_result(why)


class RunningActions:
    """All methods belong to the loop's thread. `news` is told that the status is a different one."""

    def __init__(
        self,
        server: ExpertsServer,
        scratch_folder: Path,
        news: Callable[[], None],
        patience: Patience | None = None,
    ) -> None:
        self._server, self._news = server, news
        self._delivery = Delivery(server, scratch_folder, patience or Patience())
        self._running: list[_Running] = []
        self._runs: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._last_refusal: dict[str, str] | None = None

    # -- what runs ----------------------------------------------------------------------------------------------------

    async def carry_out(self, run: Run) -> Any:
        """Do it, deliver it, and say what came of it: a command's answer.

        {"applied": true}, {"title", "text"}, null, or {"refused": why}, which the user was told. A client that does not
        wait for a model gets null at once, and the rest when it is there.
        """
        if self._server.client.patient:
            return await self._carried_out(run)
        self._server.protocol.in_background(self._carried_out(run), run.name)
        return None

    async def edit(self, run: Run) -> t.WorkspaceEdit | None:
        """The edit it comes to, for the client to apply; None if it was a text, which is shown. ActionRefused."""
        try:
            outcome = await self._outcome(run)
            if isinstance(outcome, Edited):
                edit = self._delivery.edit(outcome)
                self._delivery.comment(outcome, run.uri)
                return edit
            if outcome is not None:
                await self._delivery.deliver(outcome)
            return None
        except ActionRefused as error:
            self._note(run, error)
            raise

    async def deliver(self, outcome: Outcome) -> dict[str, Any]:
        """Bring something to the client that no run gave. ActionRefused."""
        await self._delivery.agreed(outcome)
        return await self._delivery.deliver(outcome)

    @property
    def touched(self) -> frozenset[str]:
        """The documents of the last edit that the client applied."""
        return self._delivery.touched

    def status(self) -> dict[str, Any]:
        """What was done and what was not, and why."""
        return {
            "running": [running.run.name for running in self._running],
            "runs": dict(self._runs),
            "refused": dict(self._refusals),
            "lastRefusal": self._last_refusal,
        }

    # -- what ends it -------------------------------------------------------------------------------------------------

    def changed(self, uri: str) -> None:
        """The document has a new version."""
        why = NotDone(CHANGED, "The document changed meanwhile, so nothing was changed.")
        self._end(why, lambda running: running.run.uri == uri and running.run.edits)

    def closed(self, uri: str) -> None:
        """The document was closed."""
        for running in self._running:
            running.closed.add(uri)
        why = NotDone("document closed", "The document was closed.", quiet=True)
        self._end(why, lambda running: running.run.uri == uri)

    def cancel(self, token: t.ProgressToken) -> None:
        """The user pressed Cancel on the progress with this token."""
        self._end(_cancelled(), lambda running: running.bar.token == token)

    def end_all(self) -> None:
        """The server is about to end."""
        self._end(NotDone("server ended", "The server ends.", quiet=True), lambda _: True)

    async def close(self) -> None:
        """End all, and take away what was only shown."""
        self.end_all()
        self._delivery.close()

    def _end(self, why: NotDone, chosen: Callable[[_Running], bool]) -> None:
        for running in self._running:
            if chosen(running):
                running.end(why)

    # -- one run ------------------------------------------------------------------------------------------------------

    async def _carried_out(self, run: Run) -> dict[str, Any] | None:
        try:
            outcome = await self._outcome(run)
            return await self._delivery.deliver(outcome, run.uri) if outcome is not None else None
        except ActionRefused as error:
            self._note(run, error)
            if not is_quiet(error):
                self._server.notices.show(str(error), t.MessageType.Warning)
            return {"refused": str(error)}

    async def _outcome(self, run: Run) -> Outcome | None:
        """What comes of it; the user has agreed to it, where that was needed."""
        replaced = NotDone("replaced", "Another action was chosen for this document.", quiet=True)
        self._end(replaced, lambda other: bool(run.uri) and other.run.uri == run.uri)
        lines = (f"{run.title} …", f"{run.title}: over")
        token = REQUEST_TOKEN.get() if self._server.client.patient else None  # else the request is answered already
        bar = Bar(self._server, run.title, lines, cancellable=True, token=token)
        running = _Running(run, bar, asyncio.get_running_loop().create_future())
        self._running.append(running)
        self._runs[run.name] += 1
        self._news()
        work = asyncio.ensure_future(self._worked(run, bar.say))
        work.add_done_callback(_heard)
        try:
            await asyncio.wait((work, running.ended), return_when=asyncio.FIRST_COMPLETED)
            if running.ended.done():
                raise running.ended.result()
            return _still(work.result(), running.closed)
        except asyncio.CancelledError:
            self._note(run, _cancelled())
            raise
        finally:
            work.cancel()
            self._running.remove(running)
            bar.end()
            self._news()

    async def _worked(self, run: Run, progress: Progress) -> Outcome | None:
        try:
            outcome = await run.work(progress)
            if outcome is not None:
                await self._delivery.agreed(outcome)
            return outcome
        except ActionRefused:
            raise
        except EngineError as error:
            remedy = "Choose it again; `lsp-experts top` shows the engine."
            raise NotDone("engine", f"The engine could not do it: {error.message}.", remedy=remedy) from error
        except ExpertsError as error:
            raise ActionRefused(error.message, remedy=error.remedy) from error
        except Exception as error:
            _LOG.error("%s failed: %s", run.name, describe(error))
            raise NotDone("failed", "It failed here; the server's log says where.") from error

    def _note(self, run: Run, error: ActionRefused) -> None:
        kind = kind_of(error)
        self._refusals[kind] += 1
        self._last_refusal = {"action": run.name, "reason": str(error)}
        _LOG.info("%s was not done: %s", run.name, kind)  # the reason may quote a document
        self._news()


def _still(outcome: Outcome | None, closed: Collection[str]) -> Outcome | None:
    """The outcome, unless it edits a document that was closed since: opened again, it counts its versions anew."""
    changes = outcome.changes if isinstance(outcome, Edited) else ()
    if any(change.version is not None and change.uri in closed for change in changes):
        raise stale("A document was closed meanwhile, so nothing was changed.")
    return outcome


def _cancelled() -> NotDone:
    return NotDone(CANCELLED, "Cancelled.", quiet=True)


def _heard(work: asyncio.Future[Outcome | None]) -> None:
    """Nobody waits for it any more, perhaps: its error is no news then."""
    if not work.cancelled():
        work.exception()
