"""An adapter that was not trained: small random numbers over every linear weight of a base.

It answers differently from its base, costs what a trained adapter of its rank costs, and needs neither data nor time:
enough to test and to measure that adapters are loaded, switched and kept apart exactly.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lsp_experts.errors import CarveError
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.training.adapter_file import write_adapter

_LINEAR = re.compile(r"blk\.\d+\.(attn|ffn)_\w+\.weight")


def write_random_adapter(base: Path, out: Path, *, rank: int = 8, seed: int = 1, scale: float = 0.2) -> Path:
    """Write a LoRA GGUF over the model `base` to `out`, and give `out`; the same arguments give the same bytes.

    `rank`: rows of each A, columns of each B. `scale`: the change of a weight's output, for inputs of size 1, is about
    `scale` times the square root of the rank. CarveError if the base is no GGUF or has no linear weights.
    """
    with GgufFile(base) as file:
        architecture = file.string("general.architecture")
        linear = [tensor for tensor in file.tensors if _LINEAR.fullmatch(tensor.name) and len(tensor.dims) == 2]
    if not architecture or not linear:
        raise CarveError(f"{base.name} has no linear weights that an adapter could change.", remedy="Give a base.")
    random = np.random.default_rng(seed)
    pairs = {}
    for tensor in linear:
        n_in, n_out = tensor.dims
        a = random.standard_normal((rank, n_in)) / np.sqrt(n_in)
        b = random.standard_normal((n_out, rank)) * scale
        pairs[tensor.name] = (a.astype(np.float32), b.astype(np.float32))
    return write_adapter(out, architecture, float(rank), pairs)  # llama.cpp multiplies by alpha / rank
