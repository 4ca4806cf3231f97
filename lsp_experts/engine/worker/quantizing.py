"""A model file with weights of another type, by llama.cpp's own quantiser.

Whatever can be wrong is checked first, by us and by a dry run of llama.cpp (0.1 s), since it may end the process. How
far it is, what a dry run would write and what is missing for it are told by its log only.
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import Quantize, QuantizeReport
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.model import identify
from lsp_experts.engine.worker.native import Native
from lsp_experts.errors import EngineError

_FILE_TYPE = re.compile(r"(BF16|F16|I?Q[2-8]_\w+|IQ1_[SM])")
_TENSOR_TYPE = re.compile(r"(F32|BF16|F16|I?Q[2-6]_\w+|IQ1_[SM]|Q8_0)")  # no integers; Q8_1 and Q8_K are for sums only
_STEP = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")  # "[  12/ 291] blk.0.attn_q.weight ..."
_SIZE = re.compile(r"quant size\s*=\s*([\d.]+) MiB")
_TABLE = re.compile(r"\[\s*\d+/\s*\d+\]\s*(token_embd|output)\.weight\s+- \[\s*(\d+),")  # and the length of its rows
_REFUSAL = "failed to quantize: "
_NEEDS_IMATRIX = "will require an imatrix"

Importance = dict[str, npt.NDArray[np.float32]]


def quantize(native: Native, request: Quantize, on_progress: Callable[[float], object]) -> QuantizeReport:
    """Run `request`. EngineError("bad_request" | "load_failed" | "quantize_failed"); no target is left then.

    "load_failed": the source or the importance matrix cannot be read. "quantize_failed": llama.cpp gave up: an
    architecture that it does not know, a source that is quantised already, a full disk.
    """
    started = time.monotonic()
    target = Path(request.target)
    params = _parameters(native, request)
    identify(request.source)
    if target.exists():
        raise EngineError("bad_request", f"{target} exists already")
    importance = _read_importance(request.imatrix) if request.imatrix else {}
    entries = _entries(native, importance)
    if importance:
        params.imatrix = entries
    plan: list[str] = []
    params.dry_run = True
    _run(native, request, params, plan.append)
    if not importance and any(_NEEDS_IMATRIX in line for line in plan):
        raise EngineError("bad_request", f"{request.file_type} of {request.source} needs an importance matrix")
    _check_tables(native, request, plan)
    if request.dry_run:
        sizes = [float(found[1]) for line in plan if (found := _SIZE.search(line))]
        size = int(max(sizes, default=0.0) * 2**20)
    else:
        params.dry_run = False
        _run(native, request, params, _steps(on_progress))
        size = target.stat().st_size
    return QuantizeReport(size, round((time.monotonic() - started) * 1000, 3))


def _run(native: Native, request: Quantize, params: Any, on_line: Callable[[str], None]) -> None:
    source, target = os.fsencode(request.source), os.fsencode(request.target)
    native.log.clear()
    with native.listening(on_line):
        code = native.C.llama_model_quantize(source, target, ctypes.byref(params))
    memory.trim_heap()
    if code != 0:
        Path(request.target).unlink(missing_ok=True)
        problem = native.take_log().rpartition(_REFUSAL)[2]
        raise EngineError(
            "quantize_failed", f"llama.cpp cannot make {request.file_type} of {request.source}: {problem}"
        )


def _check_tables(native: Native, request: Quantize, plan: list[str]) -> None:
    """Where a type is asked for by name llama.cpp falls back to none that fits: it would write past its buffer."""
    base = native.C.load_shared_library("ggml-base", native.C._base_path)
    asked = {"token_embd": request.token_embedding_type, "output": request.output_type}
    for found in filter(None, map(_TABLE.match, plan)):
        name = asked[found[1]]
        if name and int(found[2]) % int(base.ggml_blck_size(_tensor_type(native.C, name))):
            raise EngineError("bad_request", f"rows of {found[2]} numbers cannot be {name}")


def _parameters(native: Native, request: Quantize) -> Any:
    api = native.C
    params = api.llama_model_quantize_default_params()
    params.ftype = _file_type(api, request.file_type)
    if not 1 <= request.n_threads <= 256:
        raise EngineError("bad_request", f"n_threads {request.n_threads} is out of range")
    params.nthread = request.n_threads
    params.allow_requantize = request.allow_requantize
    if request.token_embedding_type:
        params.token_embedding_type = _tensor_type(api, request.token_embedding_type)
    if request.output_type:
        params.output_tensor_type = _tensor_type(api, request.output_type)
    return params


def _file_type(api: Any, name: str) -> int:
    code = 0 if name == "F32" else getattr(api, f"LLAMA_FTYPE_MOSTLY_{name}", None)
    if code is None or not (name == "F32" or _FILE_TYPE.fullmatch(name)):
        raise EngineError("bad_request", f"{name!r:.40} is no type of weights that this build writes")
    return int(code)


def _tensor_type(api: Any, name: str) -> int:
    code = getattr(api, f"GGML_TYPE_{name}", None)
    if code is None or not _TENSOR_TYPE.fullmatch(name):
        raise EngineError("bad_request", f"{name!r:.40} is no type of a tensor that this build writes")
    return int(code)


def _read_importance(path: str) -> Importance:
    """{tensor: mean square of each column of its input} of a GGUF importance matrix."""
    import gguf  # 100 ms, and a worker hardly ever needs it

    identify(path)
    try:
        tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    except (ValueError, KeyError, IndexError, OSError, OverflowError) as error:
        raise EngineError("load_failed", f"{path} cannot be read: {error}") from None
    importance: Importance = {}
    for name, sums in tensors.items():
        weight = name.removesuffix(".in_sum2")
        count = tensors.get(f"{weight}.counts")
        if weight == name or count is None:
            continue
        means = np.asarray(sums, np.float64).ravel() / max(1.0, float(np.asarray(count).ravel()[0]))
        if np.asarray(count).size != 1 or not np.isfinite(means).all() or float(means.min(initial=0.0)) < 0:
            raise EngineError("load_failed", f"{path} has no means for {weight:.60}")
        importance[weight] = means.astype(np.float32)
    if not importance:
        raise EngineError("load_failed", f"{path} is no importance matrix")
    return importance


def _entries(native: Native, importance: Importance) -> Any:
    """The numbers as llama.cpp takes them, with an end mark; they point into `importance`."""
    entry = native.C.llama_model_imatrix_data
    table = (entry * (len(importance) + 1))()
    for row, (name, means) in zip(table, importance.items(), strict=False):
        row.name, row.size = name.encode(), means.size
        row.data = means.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    return table


def _steps(on_progress: Callable[[float], object]) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        if found := _STEP.match(line):
            on_progress(int(found[1]) / max(1, int(found[2])))

    return on_line
