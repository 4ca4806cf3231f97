"""Answers questions over HTTP by the same completer as the language server does."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsp_experts import __version__
from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.silence import Silence
from lsp_experts.routing.languages import language_named
from lsp_experts.server.http.answer import answer_response
from lsp_experts.server.http.documents import StretchDocuments
from lsp_experts.server.http.insertion import inserted
from lsp_experts.server.http.message import Response
from lsp_experts.server.http.question import CompletionQuestion
from lsp_experts.server.http.refusal import Refusal
from lsp_experts.server.http.stretch_language import stretch_language
from lsp_experts.settings import Settings
from lsp_experts.syntax.grammars import grammar_name

if TYPE_CHECKING:
    from lsp_experts.completion.completer import Completer

# Who asks over HTTP waits anyway, and may not ask again by himself: an expert that loads is waited for.
_LOADING_S = 20.0
_LOG = logging.getLogger(__name__)


class Completions:
    """Completes the stretches that clients send. Editors do so unasked at each pause, so the gate holds."""

    def __init__(self, completer: Completer, settings: Settings) -> None:
        self._completer = completer
        self._settings = replace(settings, choices=1)
        self._documents = StretchDocuments(self._guess, completer.closed)
        self._asked = 0
        self._silences: Counter[str] = Counter()
        self._last_silence: Silence | None = None

    def models(self) -> tuple[str, ...]:
        """What a question's `model` may say: "auto", an installed expert, or the language of one."""
        routes = self._completer.routes
        routes.look_again()
        return ("auto", *sorted(routes.installed), *sorted(routes.languages()))

    async def answer(self, question: CompletionQuestion) -> Response:
        """The answer; an empty one names its silence. Refusal where no installed expert could ever give one."""
        self._asked += 1
        number = self._asked
        language, expert = self._meant(question.model)
        view, offset = self._documents.view_of(question.before, question.after, language)
        settings = self._obeyed(question.max_tokens, expert, view.language)
        answer = await self._complete(view, offset, settings, number)
        text = ""
        if isinstance(answer, Suggestion):
            text = inserted(answer.text, question.after[: answer.replace_right], question.stops)
            if not text.strip():
                answer = Silence("cannot be inserted", "it replaces what stands right of the cursor, or is a stop text")
                text = ""
        if isinstance(answer, Silence):
            self._count(answer)
        return answer_response(answer, text, question, number)

    def status(self) -> dict[str, Any]:
        """The completer's status and what was counted here; no text of any document."""
        silence = self._last_silence
        return {
            **self._completer.status(),
            "version": __version__,
            "client": "HTTP",
            "silences": dict(self._silences),
            "lastSilence": {"reason": silence.reason, "detail": silence.detail} if silence is not None else None,
        }

    async def _complete(self, view: DocumentView, offset: int, settings: Settings, number: int) -> Suggestion | Silence:
        """A suggestion, once an expert is there. A newer question ends an older one that waits: the user went on."""
        limit_s = asyncio.get_running_loop().time() + _LOADING_S
        while True:
            if number != self._asked:
                return Silence("superseded")
            if self._completer.settings != settings:
                self._completer.configure(settings)
            answer = await self._completer.complete(view, offset, manual=False)
            if not (isinstance(answer, Silence) and answer.reason == "loading"):
                break
            try:
                async with asyncio.timeout_at(limit_s):
                    await self._completer.ready(view, offset)
            except TimeoutError:
                return answer
        if isinstance(answer, Silence) and answer.reason == "no expert":
            what = view.language or "text whose language is not known"
            remedy = "`lsp-experts experts` lists the experts, `lsp-experts pull ID` fetches one."
            raise Refusal(503, f"No installed expert serves {what}. {remedy}", code="no_expert")
        return answer

    def _meant(self, model: str) -> tuple[str, str]:
        """The language and the expert that a question names: one of them, or neither."""
        routes = self._completer.routes
        if model in routes.installed:
            return "", model
        language = language_named(model)
        return (language if grammar_name(language) or language in routes.languages() else ""), ""

    def _obeyed(self, max_tokens: int | None, expert: str, language: str) -> Settings:
        """The settings for one question: fewer tokens than usual, and its expert in whatever language it has."""
        settings = self._settings
        if max_tokens is not None:
            settings = replace(settings, max_tokens=min(max_tokens, settings.max_tokens))
        if expert:
            languages = (*self._completer.routes.languages(), language or "plaintext")
            settings = replace(settings, preferred=dict.fromkeys(languages, expert))
        return settings

    def _guess(self, before: str, after: str) -> str:
        return stretch_language(before, after, self._completer.routes.languages())

    def _count(self, silence: Silence) -> None:
        self._silences[silence.reason] += 1
        self._last_silence = silence
        _LOG.info("no suggestion: %s%s", silence.reason, f" ({silence.detail})" if silence.detail else "")
