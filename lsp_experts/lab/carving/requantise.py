"""The same model with weights of another type: what every carved one is compared with, and what may follow a carve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gguf.constants import GGMLQuantizationType

from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.protocol import Quantize, QuantizeReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError, EngineError
from lsp_experts.lab.carving.carve_check import load_exactly
from lsp_experts.lab.carving.importance import Importance, write_imatrix
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.registry.disk import disk_error, no_space
from lsp_experts.registry.store import Store

_NAME = "requantised"
_WHOLE = frozenset({"F32", "F16", "BF16"})
_HEADER_BYTES = 32 * 1024 * 1024  # metadata and vocabulary come on top of what llama.cpp foretells; 152k tokens: 6 MB
_FILE_REFUSED = "iostream error"  # what C++ says of a file that cannot be written, whatever the reason


@dataclass(frozen=True)
class Requantisation:
    """What to make of `source`; types as in protocol.Quantize. `imatrix`: None makes it without one."""

    source: Path
    file_type: str
    imatrix: Path | None = None
    token_embedding_type: str = ""
    output_type: str = ""


@dataclass(frozen=True)
class Requantised:
    """What was made. `second_loss`: the source was quantised before, and what it had lost stays lost.

    Compare it with others of its kind only: made of the unquantised weights, it would be better.
    """

    path: Path
    file_bytes: int
    source_bytes: int
    second_loss: bool
    bytes_by_type: Mapping[str, int]  # of all tensors: rows that a type does not fit get another one
    ms: float


async def requantise_by(
    order: Requantisation, importance: Importance | None, dataset: str, engine: Supervisor, store: Store, target: Path
) -> Requantised:
    """requantise(), by an importance matrix that is written beside `target` where `importance` is known."""
    if importance is None:
        return await requantise(order, engine, store, target)
    imatrix = target.with_suffix(".imatrix.gguf")
    with store.disk_errors():
        write_imatrix(order.source, importance, dataset, imatrix)
    return await requantise(replace(order, imatrix=imatrix), engine, store, target)


async def predicted_bytes(order: Requantisation, engine: Supervisor) -> int:
    """About how large the file would be, header left out; nothing is written. EngineError says what is wrong."""
    return (await engine.quantize(_quantize(order, order.source.with_name("never-written"), dry_run=True))).file_bytes


async def requantise(
    order: Requantisation,
    engine: Supervisor,
    store: Store,
    target: Path,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Requantised:
    """Write `target`, a temporary name on the store's disk, and prove that it computes.

    CarveError, EngineError, EngineDied, StoreError; `target` is not there then. To stop it half-way, end the engine.
    """
    with GgufFile(order.source) as source:
        second_loss = _quantised(source)
        source_bytes, names = source.file_bytes, {tensor.name for tensor in source.tensors}
    store.require_space(await predicted_bytes(order, engine) + _HEADER_BYTES)
    with _dropped_on_error(target):
        made = await _written(order, engine, target, on_progress)
        with GgufFile(target) as file:
            if {tensor.name for tensor in file.tensors} != names:
                raise CarveError(f"{order.file_type} of {order.source.name} has other tensors than its source.")
            bytes_by_type = _bytes_by_type(file)
        try:
            await load_exactly(engine, _NAME, target)
        finally:
            await engine.evict(_NAME, forget=True)
    return Requantised(target, made.file_bytes, source_bytes, second_loss, bytes_by_type, made.ms)


@contextmanager
def _dropped_on_error(target: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


async def _written(
    order: Requantisation, engine: Supervisor, target: Path, on_progress: Callable[[float], None]
) -> QuantizeReport:
    try:
        return await engine.quantize(_quantize(order, target), on_progress)
    except EngineError as error:
        if error.code == "quantize_failed" and _FILE_REFUSED in error.message:
            raise disk_error(no_space(), target.parent) from error
        raise


def _quantize(order: Requantisation, target: Path, *, dry_run: bool = False) -> Quantize:
    return Quantize(
        source=str(order.source),
        target=str(target),
        file_type=order.file_type,
        imatrix=str(order.imatrix or ""),
        token_embedding_type=order.token_embedding_type,
        output_type=order.output_type,
        allow_requantize=True,
        dry_run=dry_run,
        n_threads=physical_cores(),
    )


def _quantised(file: GgufFile) -> bool:
    return not _bytes_by_type(file).keys() <= _WHOLE


def _bytes_by_type(file: GgufFile) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for tensor in file.tensors:
        sizes[GGMLQuantizationType(tensor.kind).name] += tensor.n_bytes
    return dict(sizes)
