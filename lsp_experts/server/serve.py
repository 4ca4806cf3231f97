"""Runs the server for one client, over stdio or a loopback socket, until it ends. It owns the process while it runs."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from lsp_experts.engine.heap import return_large_blocks
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.disk import make_private
from lsp_experts.server.features import register
from lsp_experts.server.language_server import ExpertsServer
from lsp_experts.server.lifetime import Lifetime, force_exit
from lsp_experts.server.ports import Build
from lsp_experts.server.private_log import PrivateLog
from lsp_experts.server.protocol import ExpertsProtocol
from lsp_experts.server.statistics_file import statistics_folder
from lsp_experts.server.status_file import servers_folder
from lsp_experts.server.transport import Channel, Reader, Writer, socket_channel, stdio_channel

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FLUSH_TIMEOUT_S = 0.2
_LARGE_BYTES = 128 * 1024  # what glibc begins with: kept so, the server takes 72 MB at its start instead of 87
_LOG_BYTES = 5 * 1024 * 1024
_LOG = logging.getLogger(__name__)


def serve(*, tcp: bool, host: str, port: int, log_file: Path | None, log_level: str, build: Build) -> int:
    """Serve one client and give the exit code. UsageError for a host that is not this machine.

    `build` makes the completer once the client's settings are known. A second after the end was decided the process is
    gone, whether the caller comes back to its own end or not.
    """
    if tcp and host not in LOOPBACK:
        raise UsageError(
            f"{host} is not this machine.",
            remedy=f"The server listens on {', '.join(LOOPBACK)} only; it has no password.",
        )
    set_up_logging(log_file, log_level)
    return_large_blocks(_LARGE_BYTES)
    try:
        channel = _accept(host, port) if tcp else stdio_channel()
    except OSError as error:
        raise UsageError(f"{host}:{port}: {error.strerror}.", remedy="Choose another port, or 0 for any.") from error
    return asyncio.run(_run(channel, build))


def set_up_logging(log_file: Path | None, log_level: str) -> None:
    """Log to the file (private, at most 5 MB and one older) or to stderr, which editors show in their log."""
    handler: logging.Handler
    if log_file is not None:
        make_private(log_file.parent)
        handler = PrivateLog(log_file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level.upper())
    for library in ("pygls", "cattrs", "asyncio"):  # pygls writes whole messages, and with them documents, at INFO
        logging.getLogger(library).setLevel(logging.WARNING)


def _accept(host: str, port: int) -> Channel:
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=1) as listener:
        print(f"listening on {host}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        connection, _ = listener.accept()
    return socket_channel(connection)


async def _run(channel: Channel, build: Build) -> int:
    loop, lifetime = asyncio.get_running_loop(), Lifetime()
    paths = default_paths()
    server = ExpertsServer(build, lifetime, servers_folder(paths), statistics_folder(paths), paths.state / "scratch")
    register(server)

    def broken() -> None:
        loop.call_soon_threadsafe(lifetime.end, 1, "the client does not read any more")

    writer, reader = Writer(channel, broken), Reader(channel, loop)
    server.protocol.send = writer.send
    writer.start()
    reader.start()
    lifetime.watch_signals()
    pump = asyncio.ensure_future(_pump(reader, server.protocol, lambda: lifetime.end(0, "the client hung up")))
    code = await lifetime.over()
    force_exit(code)
    pump.cancel()
    await server.close()
    writer.close(_FLUSH_TIMEOUT_S)
    return code


async def _pump(reader: Reader, protocol: ExpertsProtocol, on_end: Callable[[], None]) -> None:
    while (body := await reader.next()) is not None:
        protocol.receive(body)
        # One turn of the loop per message: a handler takes its snapshot before the next message changes the document.
        await asyncio.sleep(0)
    on_end()
