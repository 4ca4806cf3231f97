"""A remote engine that obeys the test: it answers when it is let, or never."""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_experts.completion.far import Far
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.errors import EngineError
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry, Remote


@dataclass(frozen=True)
class Fine:
    """It is."""

    state: str = "prompt"
    reason: str = ""


@dataclass
class ScriptedFar:
    """`says` at once; None: nothing comes until `answer`. An error is what it fails with."""

    says: str | EngineError | None
    health: Fine = field(default_factory=Fine)
    asked: list[tuple[Complete, str]] = field(default_factory=list)
    calls: list[Call[CompleteReport]] = field(default_factory=list)

    def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
        call: Call[CompleteReport] = Call(len(self.calls) + 1)
        self.asked.append((request, affinity))
        self.calls.append(call)
        if self.says is not None:
            self.answer(self.says)
        return call

    def answer(self, says: str | EngineError) -> None:
        """End the newest call."""
        if isinstance(says, EngineError):
            self.calls[-1].end(says)
        else:
            self.calls[-1].end(CompleteReport(says, "end", 3, 90, 4, 5.0, 9.0, 1.0))

    async def close(self) -> None:
        """Nothing is open."""


def remote_entry(expert: str, host: str, *languages: str) -> Entry:
    """A remote expert at `host`."""
    return Entry(expert, "remote", languages, "MIT", "a note", fim="qwen", remote=Remote(f"https://{host}/v1", "m"))


def far_of(engine: ScriptedFar, *entries: Entry, named: frozenset[str] = frozenset({"models.example.org"})) -> Far:
    """Remote experts that are all `engine`."""
    return Far(Catalogue({entry.id: entry for entry in entries}, {}), lambda: named, lambda _entry: engine)
