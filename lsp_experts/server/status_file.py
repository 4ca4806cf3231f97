"""The status of a running server as a file, for `lsp-experts top`: no socket, and nothing of what the user writes.

`<state>/servers/<process id>.json`, readable by its user only. Read by running_servers.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lsp_experts.paths import Paths
from lsp_experts.registry.disk import replace_private
from lsp_experts.server.spaced import Spaced

INTERVAL_S = 0.25
_SUFFIX = re.compile(r"[^/]\.([A-Za-z0-9_+-]{1,16})\Z")
# What is kept, and not what is left out: a field that somebody adds to the status does not end up on disk by itself.
_KEPT = (
    "version", "client", "enabled", "saving", "budgetBytes", "residentBytes", "tight", "focused", "experts", "next",
    "combine", "memory", "problems", "last", "silences", "lastSilence", "documents", "suggestions",
)  # fmt: skip


def servers_folder(paths: Paths) -> Path:
    """Where the servers of this user put their status."""
    return paths.state / "servers"


def public(status: Mapping[str, Any]) -> dict[str, Any]:
    """A status without any document's URI: of its name only the suffix stays."""
    kept = {key: status[key] for key in _KEPT if key in status}
    for key in ("focused", "last"):
        if isinstance(kept.get(key), Mapping):
            named = dict(kept[key])
            uri = named.pop("uri", None)
            kept[key] = {**named, "suffix": _suffix(uri)} if uri else named
    return kept


class StatusFile:
    """Keeps this process's file as new as `status()` is, at most every quarter of a second. Failures never matter."""

    def __init__(
        self,
        folder: Path,
        status: Callable[[], Mapping[str, Any]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.path = folder / f"{os.getpid()}.json"
        self._status = status
        self._news = Spaced(self._write, INTERVAL_S, "writing the status file", sleep)

    def changed(self) -> None:
        """The status is a different one."""
        self._news.ask()

    async def close(self) -> None:
        """Take the file away."""
        await self._news.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    async def _write(self) -> None:
        text = json.dumps({"pid": os.getpid(), **public(self._status())})
        await asyncio.to_thread(replace_private, self.path, text)


def _suffix(uri: object) -> str:
    found = _SUFFIX.search(re.split("[?#]", uri, maxsplit=1)[0]) if isinstance(uri, str) else None
    return f".{found[1]}" if found else ""
