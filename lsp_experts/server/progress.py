"""Shows in the editor which expert is being loaded, how far it is, and that it is ready; quick loads are not shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsp_experts.server.progress_bar import Bar
from lsp_experts.server.timers import CallLater, call_later

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer


class LoadProgress:
    """`show` takes the experts that load now. `call_later` is the running loop's, unless a test brings its own."""

    def __init__(self, server: ExpertsServer, call_later: CallLater = call_later) -> None:
        self._server = server
        self._call_later = call_later
        self._bars: dict[str, Bar] = {}

    def show(self, fractions: Mapping[str, float]) -> None:
        """The experts that are being loaded, each with how much of it is done (0 to 1)."""
        for expert in [expert for expert in self._bars if expert not in fractions]:
            self._bars.pop(expert).end()
        for expert, fraction in fractions.items():
            if expert not in self._bars:
                self._bars[expert] = self._bar(expert)
            self._bars[expert].report(fraction)

    def _bar(self, expert: str) -> Bar:
        lines = (f"loading the expert {expert}", f"the expert {expert} is no longer loading")
        return Bar(self._server, f"Loading expert {expert}", lines, measured=True, call_later=self._call_later)
