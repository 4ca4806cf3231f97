"""Who hears that the status changed: the client, if it asked for that, and the status file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.server.spaced import Spaced
from lsp_experts.server.status_file import StatusFile

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

INTERVAL_S = 0.1


class StatusNews:
    """lspExperts/status for clients that declare `experimental.lspExpertsStatus`, at most ten times a second.

    The setting `report` asks for it too, and there each change of the pool is told at once: tools count them.
    """

    def __init__(self, server: ExpertsServer, folder: Path) -> None:
        self._server = server
        self._file = StatusFile(folder, server.status)
        self._client = Spaced(self._tell_client, INTERVAL_S, "telling the status")

    def changed(self) -> None:
        """Something of the status is different."""
        if self._server.client.wants_status or self._server.configuration.settings.report:
            self._client.ask()
        self._file.changed()

    def pool_changed(self) -> None:
        """An expert is in another state."""
        if self._server.configuration.settings.report and self._server.completer is not None:
            self._server.notices.status(self._server.status())
            self._file.changed()
        else:
            self.changed()

    async def close(self) -> None:
        """Tell no more, and take the file away."""
        await self._client.close()
        await self._file.close()

    async def _tell_client(self) -> None:
        if self._server.completer is not None:
            self._server.notices.status(self._server.status())
