"""Which of this machine's experts serve a language now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Chain, chain
from lsp_experts.settings import Settings


class Routes:
    """The installed experts, as they were when somebody last looked.

    `find_installed` gives expert id -> sha256 of its file. `settings` say which interpreter and which expert of a
    language the user wants, `refused` which experts are not tried.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        find_installed: Callable[[], Mapping[str, str]],
        *,
        settings: Callable[[], Settings],
        refused: Callable[[], Collection[str]],
    ) -> None:
        self.catalogue = catalogue
        self._find_installed, self._settings, self._refused = find_installed, settings, refused
        self.installed: Mapping[str, str] = find_installed()

    def look_again(self) -> None:
        """An expert may have been pulled or removed meanwhile."""
        self.installed = self._find_installed()

    def languages(self) -> frozenset[str]:
        """The languages that an installed expert is made for."""
        entries = (self.catalogue.entries.get(expert) for expert in self.installed)
        return frozenset(language for entry in entries if entry for language in entry.languages) - {"*"}

    def chain(self, language: str, domains: Mapping[str, int] | None = None) -> Chain:
        """The experts for `language`, the best first; `domains` are the document's."""
        settings = self._settings()
        return chain(
            self.catalogue,
            language,
            self.installed.keys(),
            chosen=settings.preferred.get(language, ""),
            interpreter=settings.interpreter,
            refused=self._refused(),
            domains=domains or {},
        )

    def first(self, language: str) -> str | None:
        """The best expert for `language`, None if there is none."""
        candidates = self.chain(language).candidates
        return candidates[0].expert if candidates else None
