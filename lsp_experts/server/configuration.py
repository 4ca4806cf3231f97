"""Settings from the client: defaults, then initialization options, then what it pushed or we pulled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsp_experts.settings import Settings, from_options

SECTION = "lspExperts"


class Configuration:
    """`tell` shows a sentence; `on_change` is called with each new Settings."""

    def __init__(self, tell: Callable[[str], None], on_change: Callable[[Settings], None]) -> None:
        self._tell = tell
        self._on_change = on_change
        self._initial = Settings()
        self.settings = Settings()

    def initial(self, options: object) -> None:
        """Take `initializationOptions`: a flat object, or one with the section in it."""
        if isinstance(options, Mapping) and SECTION in options:
            options = options[SECTION]
        self._initial = self._checked(options, Settings())
        self._set(self._initial)

    def pushed(self, settings: object) -> bool:
        """Take the settings of a didChangeConfiguration; False if our section is not in them."""
        if not isinstance(settings, Mapping) or SECTION not in settings:
            return False
        self.section(settings[SECTION])
        return True

    def section(self, options: object) -> None:
        """Take the whole section; what it does not name falls back to the initialization options."""
        self._set(self._checked(options, self._initial))

    def _checked(self, options: object, base: Settings) -> Settings:
        settings, problems = from_options(options, base)
        if problems:
            self._tell(" ".join(problems))
        return settings

    def _set(self, settings: Settings) -> None:
        if settings != self.settings:
            self.settings = settings
            self._on_change(settings)
