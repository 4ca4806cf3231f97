"""What an engine can be asked: one method per operation, each with the form of its answer."""

from __future__ import annotations

import base64
import sys
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lsp_experts.engine.call import Call
from lsp_experts.engine.framing import structure
from lsp_experts.engine.protocol import (
    Activations,
    ActivationsReport,
    Complete,
    CompleteReport,
    Empty,
    Evict,
    Load,
    LoadReport,
    Logits,
    MoveReport,
    Quantize,
    QuantizeReport,
    Request,
    Score,
    ScoreReport,
    StateReport,
    Target,
    Tokenize,
)

R = TypeVar("R")


class Requests(ABC):
    """The requests of one engine; how they get there and back is `_call`'s matter."""

    @abstractmethod
    def _call(
        self,
        op: str,
        request: Request,
        report: Callable[[Mapping[str, Any]], R],
        on_progress: Callable[[float], None] | None = None,
    ) -> Call[R]:
        """Send `request`; `report` makes the call's result of the event "done"."""

    def load(self, load: Load, on_progress: Callable[[float], None] | None = None) -> Call[LoadReport]:
        """Load an expert; `on_progress` gets fractions from 0 to 1."""
        return self._call("load", load, lambda event: structure(event, LoadReport), on_progress)

    def complete(self, request: Complete) -> Call[CompleteReport]:
        """Complete a prompt."""
        return self._call("complete", request, lambda event: structure(event, CompleteReport))

    def score(self, request: Score) -> Call[ScoreReport]:
        """How likely texts are behind a prompt."""
        return self._call("score", request, lambda event: structure(event, ScoreReport))

    def park(self, expert: str) -> Call[MoveReport]:
        """Save an expert's KV cache and free its context; its model stays, what runs on it is cancelled."""
        return self._call("park", Target(expert), _moved)

    def unpark(self, expert: str) -> Call[MoveReport]:
        """Make a parked expert ready again."""
        return self._call("unpark", Target(expert), _moved)

    def evict(self, expert: str, *, forget: bool = False) -> Call[MoveReport]:
        """Free an expert, its saved KV too if `forget`; what runs on it is cancelled."""
        return self._call("evict", Evict(expert, forget), _moved)

    def logits(self, request: Logits) -> Call[array[float]]:
        """The logits after a prompt, as float32."""
        return self._call("logits", request, _logits)

    def tokenize(self, request: Tokenize) -> Call[list[list[int]]]:
        """Token ids of texts."""
        return self._call("tokenize", request, lambda event: structure(event["tokens"], list[list[int]]))

    def activations(
        self, request: Activations, on_progress: Callable[[float], None] | None = None
    ) -> Call[ActivationsReport]:
        """How strongly texts excite what each weight reads."""
        return self._call("activations", request, lambda event: structure(event, ActivationsReport), on_progress)

    def quantize(self, request: Quantize, on_progress: Callable[[float], None] | None = None) -> Call[QuantizeReport]:
        """Write a model with weights of another type."""
        return self._call("quantize", request, lambda event: structure(event, QuantizeReport), on_progress)

    def state(self) -> Call[StateReport]:
        """What is loaded and how much memory it takes."""
        return self._call("state", Empty(), lambda event: structure(event, StateReport))

    def ping(self) -> Call[None]:
        """Ends when the engine's reader thread answers."""
        return self._call("ping", Empty(), lambda _: None)


def _moved(event: Mapping[str, Any]) -> MoveReport:
    return structure(event, MoveReport)


def _logits(event: Mapping[str, Any]) -> array[float]:
    values = array("f")
    values.frombytes(base64.b64decode(structure(event["logits"], str), validate=True))
    if sys.byteorder == "big":
        values.byteswap()
    return values
