"""What the lab asks of the fake engine: activations of a toy, and a file "quantised" by copying it.

A toy has one layer, and what its weights read has COLUMNS columns: column i of a token is 1 / (its length + i).
"""

from __future__ import annotations

import base64
import shutil
import stat
import time
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

from lsp_experts.engine.fake_model import Cancelled, GaveWay, ToyExpert, Turn
from lsp_experts.engine.protocol import Activations, ActivationsReport, Quantize, QuantizeReport
from lsp_experts.errors import EngineError

COLUMNS = 4
_WEIGHTS = ("blk.0.attn_q", "blk.0.attn_output", "blk.0.ffn_gate", "blk.0.ffn_down", "output")


def activations(
    toy: ToyExpert, request: Activations, turn: Turn, on_progress: Callable[[float], None]
) -> ActivationsReport:
    """Sums over the toy's tokens; Cancelled between two texts. EngineError("bad_request") without a text."""
    started = time.monotonic()
    if not request.texts:
        raise EngineError("bad_request", "there is no text to read")
    lengths: list[int] = []
    for done, segments in enumerate(request.texts, start=1):
        if turn.must_yield():
            raise GaveWay
        tokens, _ = toy.prompt(segments, heal=False, room=toy.n_ctx)
        turn.on_prompt(len(tokens))
        if turn.cancelled():
            raise Cancelled
        lengths += map(len, tokens)
        on_progress(done / len(request.texts))
    numbers = [[1 / (length + column + 1) for length in lengths] for column in range(COLUMNS)]
    squares = _encoded(sum(value * value for value in column) for column in numbers)
    return ActivationsReport(
        tokens=len(lengths),
        squares=dict.fromkeys(_WEIGHTS, squares),
        magnitudes={"blk.0.ffn_down": _encoded(map(sum, numbers))},
        total_ms=round((time.monotonic() - started) * 1000, 3),
    )


def quantize(request: Quantize, on_progress: Callable[[float], None]) -> QuantizeReport:
    """Copy the file. EngineError("bad_request" | "load_failed" | "quantize_failed")."""
    started = time.monotonic()
    source, target = Path(request.source), Path(request.target)
    try:
        status = source.stat()
    except OSError as error:
        raise EngineError("load_failed", f"{source}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise EngineError("load_failed", f"{source} is not a regular file")
    if target.exists():
        raise EngineError("bad_request", f"{target} exists already")
    if not request.dry_run:
        on_progress(0.5)
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise EngineError("quantize_failed", f"{target}: {error.strerror}") from None
        on_progress(1.0)
    return QuantizeReport(status.st_size, round((time.monotonic() - started) * 1000, 3))


def _encoded(columns: Iterable[float]) -> str:
    return base64.b64encode(array("f", columns).tobytes()).decode("ascii")
