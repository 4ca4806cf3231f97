"""Where drills take place: folders of their own, never the user's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.paths import Paths

OnStep = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True)
class Stand:
    """`home`: an empty folder for LSP_EXPERTS_HOME of whatever a drill starts. `scale`: 1.0 does what is published,
    0.01 a hundredth of it, at least once. `model`: a real model's file to drill the real engine with; None: drills
    write a tiny one.
    """

    home: Path
    seed: int = 7
    scale: float = 1.0
    model: Path | None = None

    @property
    def paths(self) -> Paths:
        """The folders below `home`."""
        return Paths(self.home / "data", self.home / "config", self.home / "state")

    def times(self, published: int) -> int:
        """How often to do what is published with so many."""
        return max(1, round(published * self.scale))
