"""How an engine process ended, and what it was doing."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass, field
from pathlib import Path

from lsp_experts.engine.protocol import Empty, Request
from lsp_experts.errors import EngineDied

# What a build of llama.cpp that this CPU cannot run dies of.
CRASHES = frozenset({"SIGSEGV", "SIGILL", "SIGBUS", "SIGABRT"})
# What llama.cpp says last where it gives up for want of memory instead of returning an error.
_STARVED = ("mem_buffer != NULL", "std::bad_alloc")


@dataclass(frozen=True)
class Death:
    """An end of the process that nobody asked for, and the request it was most likely working on."""

    error: EngineDied
    op: str = ""
    request: Request = field(default_factory=Empty)

    @property
    def expert(self) -> str:
        """The expert of the request, "" for none."""
        return str(getattr(self.request, "expert", ""))

    @property
    def crashed(self) -> bool:
        """True for the signals of a fault in native code."""
        return self.error.signal_name in CRASHES

    @property
    def starved(self) -> bool:
        """True if memory ran out: the fault of no expert and of no build."""
        return self.crashed and any(words in self.error.tail for words in _STARVED)


def exit_name(code: int | None) -> str:
    """ "SIGSEGV" or "exit 1" for a return code as asyncio gives it; "not reaped" for None."""
    if code is None:
        return "not reaped"
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit {code}"


def prefer_as_memory_victim(pid: int) -> None:
    """Where memory runs out the kernel should end the engine, not the editor. Linux; elsewhere nothing happens."""
    file = Path(f"/proc/{pid}/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):
        if int(file.read_text()) < 500:
            file.write_text("500")
