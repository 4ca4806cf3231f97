"""The language of an open document: what its editor says, what its name says, else a guess by its text."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from lsp_experts.completion.document import DocumentView
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.guess import guess_language
from lsp_experts.routing.languages import language_of, syntax_of
from lsp_experts.syntax.grammars import grammar_name

_GROWN_CHARS = 1000  # so much more text may say what the beginning did not


@dataclass(frozen=True)
class Language:
    """`routed`: what experts are chosen by; `syntax`: what the text is parsed as."""

    routed: str
    syntax: str


@dataclass(frozen=True)
class _Found:
    language_id: str
    language: Language
    guessable: bool
    chars: int  # of the text that was looked at

    def is_old(self, view: DocumentView) -> bool:
        """Whether it has to be looked at again."""
        grown = self.guessable and len(view.text) >= self.chars + _GROWN_CHARS
        return grown or self.language_id != view.language


class DocumentLanguages:
    """Remembers what it found. `served` gives the languages that have an expert of their own here."""

    def __init__(self, catalogue: Catalogue, served: Callable[[], Collection[str]]) -> None:
        self._catalogue, self._served = catalogue, served
        self._found: dict[str, _Found] = {}

    def of(self, view: DocumentView) -> Language:
        """The document's language; one that nobody knows is guessed again when the text has grown."""
        found = self._found.get(view.uri)
        if found is None or found.is_old(view):
            found = self._found[view.uri] = self._look(view)
        return found.language

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._found.pop(uri, None)

    def _look(self, view: DocumentView) -> _Found:
        said = self._named(view.uri, view.language)
        if not self._is_unknown(said.routed):
            return _Found(view.language, said, guessable=False, chars=len(view.text))
        guess = guess_language(view.text, view.uri, self._served())
        language = self._named(view.uri, guess) if guess else said
        return _Found(view.language, language, guessable=not guess, chars=len(view.text))

    def _named(self, uri: str, language_id: str) -> Language:
        return Language(language_of(uri, language_id, self._catalogue), syntax_of(uri, language_id, self._catalogue))

    def _is_unknown(self, language: str) -> bool:
        return language == "plaintext" or not (grammar_name(language) or language in self._served())
