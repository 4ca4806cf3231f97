"""`lsp-experts top`: which experts the running servers hold, and what they cost, as it changes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live

from lsp_experts.cli.top_view import server_view
from lsp_experts.paths import default_paths
from lsp_experts.server.running_servers import running_servers
from lsp_experts.server.status_file import servers_folder

_EVERY_S = 0.5
_PIPE_CHARS = 160
_NOTHING = "No server of yours is running: an editor starts one (`lsp-experts serve`)."

Typed = Callable[[float], str]  # waits at most so many seconds; what was typed


def run(*, once: bool = False, as_json: bool = False) -> int:
    """Show the servers until q or Ctrl-C, or until none is left. Without a terminal, or with `once`: print them."""
    folder = servers_folder(default_paths())
    servers = running_servers(folder)
    if as_json:
        print(json.dumps(servers))
        return 0
    console = Console(highlight=False)
    if not servers:
        console.print(_NOTHING, soft_wrap=True)
        return 0
    if once or not console.is_terminal:
        wide = console if console.is_terminal else Console(highlight=False, width=_PIPE_CHARS)
        wide.print(_view(servers))
        return 0
    return _live(console, lambda: running_servers(folder), servers)


def _live(console: Console, look: Callable[[], list[dict[str, Any]]], servers: list[dict[str, Any]]) -> int:
    try:
        with _keyboard() as typed, Live(_view(servers), console=console, screen=True, auto_refresh=False) as live:
            while servers:
                live.update(_view(servers), refresh=True)
                if "q" in typed(_EVERY_S).lower():
                    return 0
                servers = look()
    except KeyboardInterrupt:
        return 0
    console.print(_NOTHING, soft_wrap=True)
    return 0


def _view(servers: list[dict[str, Any]]) -> Group:
    return Group(*(server_view(status) for status in servers))


@contextmanager
def _keyboard() -> Iterator[Typed]:
    """Keys of the terminal at standard input, unechoed and without Enter; only waiting where it is none."""
    if sys.platform == "win32":
        import msvcrt

        def typed(wait_s: float) -> str:
            time.sleep(wait_s)
            return msvcrt.getwch() if msvcrt.kbhit() else ""

        yield typed
    elif not sys.stdin.isatty():
        yield _nothing_typed
    else:
        import select
        import termios
        import tty

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)

        def typed(wait_s: float) -> str:
            ready, _, _ = select.select([terminal], [], [], wait_s)
            return (os.read(terminal, 64).decode("ascii", "replace") or "q") if ready else ""  # "": it hung up

        try:
            yield typed
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _nothing_typed(wait_s: float) -> str:
    time.sleep(wait_s)
    return ""
