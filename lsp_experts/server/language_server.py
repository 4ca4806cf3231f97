"""One client's server: what the handlers in features/ share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_experts import __version__
from lsp_experts.errors import ActionRefused, ExpertsError
from lsp_experts.server.afterwards import Afterwards
from lsp_experts.server.answers import Answer, Answers, Question
from lsp_experts.server.capabilities import Client
from lsp_experts.server.configuration import SECTION, Configuration
from lsp_experts.server.converter import strict_converter
from lsp_experts.server.documents import Document, Documents
from lsp_experts.server.lifetime import Lifetime
from lsp_experts.server.notebooks import Notebooks
from lsp_experts.server.notices import Notices
from lsp_experts.server.ports import Build, Completer, DocumentView, Parts, Silence, Suggestion
from lsp_experts.server.progress import LoadProgress
from lsp_experts.server.protocol import ExpertsProtocol, describe
from lsp_experts.server.reviews import Reviews
from lsp_experts.server.running_actions import RunningActions
from lsp_experts.server.statistics import Statistics
from lsp_experts.server.status_news import StatusNews
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.server.left_out import LeftOut

_LOG = logging.getLogger(__name__)
_CLOSE_TIMEOUT_S = 0.5
_PULL_TIMEOUT_S = 1.0
NAME = "lsp-experts"


class ExpertsServer(LanguageServer):
    """State of one session. The completer and the other parts are built once the client's settings are known (`start`).

    It is the Host of its parts. `status_folder`: where the server keeps its status for `lsp-experts top`;
    `statistics_folder`: where it counts what became of suggestions; `scratch_folder`: for documents that only show.
    """

    protocol: ExpertsProtocol

    def __init__(
        self, build: Build, lifetime: Lifetime, status_folder: Path, statistics_folder: Path, scratch_folder: Path
    ) -> None:
        super().__init__(NAME, __version__, protocol_cls=ExpertsProtocol, converter_factory=strict_converter)
        self.lifetime = lifetime
        self.client = Client()
        self.workspace_uri = ""
        self.documents = Documents()
        self.notebooks = Notebooks()
        self.notices = Notices(self.protocol.notify)
        self.configuration = Configuration(self.notices.tell, self._configured)
        self.completer: Completer | None = None
        self.parts: Parts | None = None
        self._broken = ""  # why there are no parts and will be none
        self._build = build
        self._starts = False
        self._left_out: LeftOut | None = None
        self._ready = asyncio.Event()
        self._answers = Answers(self._complete)
        self._progress = LoadProgress(self)
        self._news = StatusNews(self, status_folder)
        self._statistics = Statistics(statistics_folder)
        self.afterwards = Afterwards(
            self._statistics.add,
            self._seen,
            self._news.changed,
            lambda: self.configuration.settings.statistics,
        )
        self.actions = RunningActions(self, scratch_folder, self._news.changed)
        self.reviews = Reviews(self)
        self._closers: list[Callable[[], Awaitable[None]]] = [
            self.actions.close,
            self.reviews.close,
            self._news.close,
            self._statistics.close,
        ]

    # Start and end

    def meet(self, client: Client, options: object, workspace_uri: str) -> None:
        """Take what `initialize` says."""
        self.client, self.workspace_uri = client, workspace_uri
        self.documents = Documents(client.encoding, self._why_left_out)
        self.configuration.initial(options)

    async def start(self) -> None:
        """Learn the client's settings, then build the completer and show it the open documents. Once."""
        if self._starts:
            return
        self._starts = True
        await self.pull_configuration()
        try:
            self.parts = self._build(self.configuration.settings, self, self)
            self.completer = self.parts.completer
        except ExpertsError as error:
            self._broken = str(error)
        except Exception as error:
            _LOG.error("no completions: %s", describe(error))
            self._broken = "LSP Experts cannot complete: see its log, or run `lsp-experts doctor`."
        if self._broken:
            self.notices.tell(self._broken)
        for document in self.documents:
            self.show(document)
        self._ready.set()
        self._news.changed()

    async def built(self) -> Parts:
        """The parts, once they are there. ActionRefused if they cannot be built."""
        await self._ready.wait()
        if self.parts is None:
            raise ActionRefused(self._broken)
        return self.parts

    async def pull_configuration(self) -> None:
        """Ask the client for our section, if it answers such questions; one that stays silent is not waited for."""
        if not self.client.pulls_configuration:
            return
        params = t.ConfigurationParams([t.ConfigurationItem(section=SECTION)])
        with suppress(Exception):  # a refusal leaves what is known
            (section,) = await asyncio.wait_for(self.workspace_configuration_async(params), _PULL_TIMEOUT_S)
            self.configuration.section(section)

    async def register_configuration(self) -> None:
        """Ask to be told when settings change, where a client does that only for those who ask."""
        if not self.client.registers_configuration:
            return
        registration = t.Registration(
            id="lspExperts-settings",
            method=t.WORKSPACE_DID_CHANGE_CONFIGURATION,
            register_options={"section": SECTION},
        )
        with suppress(JsonRpcException):
            await self.client_register_capability_async(t.RegistrationParams([registration]))

    async def close(self) -> None:
        """End what the completer started."""
        self.protocol.cancel_all()
        self.afterwards.close()
        closing = asyncio.gather(*(close() for close in self._closers), return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing, _CLOSE_TIMEOUT_S)

    def _configured(self, settings: Settings) -> None:
        self.notices.report = settings.report
        if self.completer is not None:
            self.completer.configure(settings)
            self._news.changed()

    # Documents

    def show(self, document: Document) -> None:
        """Tell the completer of a document that was opened."""
        self.afterwards.edited(document.uri, document.text)
        if self.completer is not None:
            self.completer.opened(self.view(document))
            self._news.changed()

    def edited(self, document: Document) -> None:
        """Tell the completer of a document's new version."""
        self.afterwards.edited(document.uri, document.text)
        self.actions.changed(document.uri)
        self.reviews.edited(document)
        if self.completer is not None:
            self.completer.changed(self.view(document))

    def saved(self, uri: str) -> None:
        """A file was saved: it may be an ignore file, or have got another name."""
        for document in self.documents.looked_at_again():
            self.show(document)
        self.reviews.saved(uri)

    def focus(self, uri: str) -> None:
        """Tell the completer that the user looks at this document now, if it is open."""
        document = self.documents.touch(uri)
        if document is not None and self.completer is not None:
            self.completer.focused(self.view(document))
            self._news.changed()

    def views(self) -> list[DocumentView]:
        """See ports.OpenViews."""
        return [self.view(document) for document in self.documents.recent()]

    def view(self, document: Document) -> DocumentView:
        """A document as the parts see it."""
        earlier = self.notebooks.earlier(document, self.documents)
        return DocumentView(
            document.uri, document.language, document.version, document.text, earlier, document.left_out
        )

    def close_document(self, uri: str) -> None:
        """Forget a document and what runs for it."""
        self._answers.forget(uri)
        self.actions.closed(uri)
        self.reviews.closed(uri)
        self.afterwards.closed(uri)
        if self.documents.close(uri) and self.completer is not None:
            self.completer.closed(uri)
            self._news.changed()

    def _why_left_out(self, uri: str) -> str:
        if self._left_out is None:
            from lsp_experts.server.left_out import LeftOut  # here: the answer to `initialize` does not wait for it

            self._left_out = LeftOut(self.workspace_uri)
        return self._left_out.why(uri)

    # Questions

    async def answer(
        self, question: Question | Silence, uri: str, fit: Callable[[Answer], Answer] | None = None
    ) -> Answer:
        """The answer to a question, or silence if the document moved on meanwhile; told to whoever wants to know.

        `fit` makes it fit what the client can show.
        """
        answer = question if isinstance(question, Silence) else await self._answers.answer(question)
        if isinstance(question, Question) and not isinstance(answer, Silence) and self._moved_on(question):
            answer = Silence("document changed")
        answer = fit(answer) if fit is not None else answer
        self.notices.answered(uri, answer)
        self._news.changed()
        return answer

    async def _complete(self, question: Question) -> Answer:
        await self._ready.wait()
        if self.completer is None:
            return Silence("not started", self._broken)
        if self._moved_on(question):
            return Silence("document changed")
        return await self.completer.complete(question.view, question.offset, manual=question.manual)

    def _seen(self, uri: str, suggestion: Suggestion) -> None:
        if self.completer is not None:
            self.completer.shown(uri, suggestion)

    def _moved_on(self, question: Question) -> bool:
        document = self.documents.get(question.view.uri)
        return document is None or document.version != question.view.version

    def status(self) -> dict[str, Any]:
        """The completer's status and the server's own counts."""
        nothing = {"problems": [self._broken] if self._broken else []}
        status = self.completer.status() if self.completer is not None else nothing
        silence = self.notices.last_silence
        return {
            **status,
            "version": __version__,
            "client": self.client.name,
            "documents": len(self.documents),
            "suggestions": dict(self.afterwards.counts),
            "actions": self.actions.status(),
            "silences": dict(self.notices.silences),
            "lastSilence": {"reason": silence.reason, "detail": silence.detail} if silence is not None else None,
        }

    # The Host of the completer

    def changed(self) -> None:
        """See ports.Host."""
        self._news.pool_changed()

    def loading(self, fractions: Mapping[str, float]) -> None:
        """See ports.Host."""
        self._progress.show(fractions)

    def tell(self, message: str) -> None:
        """See ports.Host."""
        self.notices.tell(message)

    def at_exit(self, close: Callable[[], Awaitable[None]]) -> None:
        """See ports.Host."""
        self._closers.append(close)

    # pygls

    def report_server_error(self, error: Exception, source: object) -> None:
        """pygls reports failures here, and would show each in a pop-up."""
        _LOG.error("%s", describe(error))
