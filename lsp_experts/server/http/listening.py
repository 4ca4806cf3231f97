"""`lsp-experts serve --http`: listens on a loopback address until it is told to stop. It owns the process meanwhile."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.errors import UsageError
from lsp_experts.paths import Paths
from lsp_experts.server.http.completions import Completions
from lsp_experts.server.http.connection import Connection
from lsp_experts.server.http.door import Door
from lsp_experts.server.http.endpoint import Endpoint
from lsp_experts.server.http.token_file import token_of, token_path
from lsp_experts.server.lifetime import Lifetime, force_exit
from lsp_experts.server.ports import Host
from lsp_experts.server.serve import LOOPBACK, set_up_logging
from lsp_experts.server.status_file import StatusFile, servers_folder
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.completion.completer import Completer

MOST_CONNECTIONS = 32
_CLOSE_TIMEOUT_S = 0.5
_LOG = logging.getLogger(__name__)

BuildCompleter = Callable[[Settings, Host], "Completer"]


def serve_http(
    *, host: str, port: int, log_file: Path | None, log_level: str, build: BuildCompleter, paths: Paths
) -> int:
    """Serve until a signal ends it; its exit code. UsageError for a host that is not this machine, or a port in use."""
    if host not in LOOPBACK:
        raise UsageError(f"{host} is not this machine.", remedy=f"The server listens on {', '.join(LOOPBACK)} only.")
    set_up_logging(log_file, log_level)
    return asyncio.run(_run(host, port, build, paths))


async def _run(host: str, port: int, build: BuildCompleter, paths: Paths) -> int:
    path = token_path(paths)
    token = token_of(path)
    lifetime, listener = Lifetime(), Listener()
    try:
        server = await asyncio.start_server(listener.accept, host, port)
    except OSError as error:
        raise UsageError(f"{host}:{port}: {error.strerror}.", remedy="Choose another port, or 0 for any.") from error
    lifetime.watch_signals()
    bound = server.sockets[0].getsockname()[1]
    http_host = HttpHost()
    completions = Completions(build(Settings(), http_host), Settings())
    status = StatusFile(servers_folder(paths), completions.status)
    http_host.tell_changes_to(status.changed)
    http_host.at_exit(status.close)
    listener.open(Endpoint(Door(bound, token, str(path)), completions))
    shown = f"[{host}]" if ":" in host else host
    print(f"listening on http://{shown}:{bound}/v1/completions\nthe token is in {path}", file=sys.stderr, flush=True)
    code = await lifetime.over()
    force_exit(code)
    server.close()
    await listener.close()
    await http_host.close()
    return code


class Listener:
    """Every connection, each with its task."""

    def __init__(self) -> None:
        self._endpoint: Endpoint | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, endpoint: Endpoint) -> None:
        """Answer by `endpoint` from now on."""
        self._endpoint = endpoint

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client called."""
        if self._endpoint is None or len(self._tasks) >= MOST_CONNECTIONS:
            writer.close()
            return
        task = asyncio.ensure_future(Connection(reader, writer, self._endpoint.answer).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class HttpHost:
    """The Host of a completer that no editor talks to: sentences for the user go to the log."""

    workspace_uri = ""

    def __init__(self) -> None:
        self._on_change: Callable[[], None] = lambda: None
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._told: set[str] = set()

    def tell_changes_to(self, on_change: Callable[[], None]) -> None:
        """Call `on_change` whenever the status is a different one."""
        self._on_change = on_change

    def changed(self) -> None:
        """See ports.Host."""
        self._on_change()

    def loading(self, fractions: Mapping[str, float]) -> None:
        """See ports.Host: an answer that waits for it is all there is to see."""

    def tell(self, message: str) -> None:
        """See ports.Host."""
        if message not in self._told:
            self._told.add(message)
            _LOG.warning("%s", message)

    def at_exit(self, close: Callable[[], Awaitable[None]]) -> None:
        """See ports.Host."""
        self._closers.append(close)

    async def close(self) -> None:
        """End what the completer started."""
        closing = asyncio.gather(*(close() for close in self._closers), return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing, _CLOSE_TIMEOUT_S)
