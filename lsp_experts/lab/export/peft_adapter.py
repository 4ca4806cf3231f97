"""Our GGUF adapters as PEFT folders: the same numbers under Hugging Face's names, rows in Hugging Face's order.

Names: gguf's tensor_mapping.py and convert_lora_to_gguf.py of llama.cpp, read backwards. Order: for the architecture
llama, convert_hf_to_gguf.py (LlamaModel.permute) deals out each head's rows of q and k, neighbours for rotary halves;
an adapter's B has these rows too. What vLLM asks of adapter_config.json: vllm/lora/peft_helper.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lsp_experts.errors import AdaptError
from lsp_experts.lab.export.safetensors_file import Floats, read_safetensors, safetensors_bytes
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.training.adapter_file import Pairs, read_adapter

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

_MODULES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_WEIGHT = re.compile(r"blk\.(\d+)\.(\w+)\.weight")
_DEALT = {"attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"}  # by how many heads
_ARCHITECTURES = ("qwen2", "llama")


def peft_folder(adapter: Path, base: Path, weights: str) -> tuple[int, dict[str, bytes]]:
    """(rank, file name -> content) of `adapter` over the model file `base`, whose Hugging Face name is `weights`.

    AdaptError for an architecture or a weight that has no known counterpart, CarveError for a broken file.
    """
    alpha, pairs = read_adapter(adapter)
    ranks = {a.shape[0] for a, _ in pairs.values()}
    if len(ranks) != 1:
        raise AdaptError(f"{adapter.name} has weights of different ranks.", remedy="Train it anew.")
    tensors = hugging_face_tensors(pairs, _heads(base))
    data = safetensors_bytes(tensors)
    if any(not np.array_equal(tensor, tensors[name]) for name, tensor in read_safetensors(data).items()):
        raise AdaptError(f"{adapter.name} cannot be written as safetensors.")
    rank = ranks.pop()
    return rank, {CONFIG: _config(rank, alpha, pairs, weights), WEIGHTS: data}


def hugging_face_tensors(pairs: Pairs, heads: Mapping[str, int]) -> dict[str, Floats]:
    """PEFT's name -> numbers. `heads`: in how many heads the rows of a kind of weight are to be gathered again."""
    tensors = {}
    for name, (a, b) in pairs.items():
        found = _WEIGHT.fullmatch(name)
        if found is None or found[2] not in _MODULES:
            raise AdaptError(f"PEFT has no name for an adapter of {name}.", remedy="Serve it with llama.cpp's server.")
        layer, kind = found.groups()
        module = f"base_model.model.model.layers.{layer}.{_MODULES[kind]}"
        tensors[f"{module}.lora_A.weight"] = a
        tensors[f"{module}.lora_B.weight"] = _gathered(b, heads[kind]) if kind in heads else b
    return tensors


def _gathered(rows: Floats, heads: int) -> Floats:
    """Each head's rows as halves again, where GGUF has them as neighbours."""
    return rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def _heads(base: Path) -> dict[str, int]:
    with GgufFile(base) as file:
        architecture = file.string("general.architecture") or "unknown"
        counts = {kind: file.number(f"{architecture}.{key}") for kind, key in _DEALT.items()}
    if architecture not in _ARCHITECTURES:
        known = " and ".join(_ARCHITECTURES)
        raise AdaptError(f"Adapters over {architecture} have no known PEFT form; those over {known} have.")
    if architecture == "qwen2":
        return {}
    queries = counts["attn_q"]
    if queries is None:
        raise AdaptError(f"{base.name} does not say how many heads it has.")
    return {kind: int(count if count is not None else queries) for kind, count in counts.items()}


def _config(rank: int, alpha: float, pairs: Pairs, weights: str) -> bytes:
    kinds = {name.split(".")[2] for name in pairs}
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": weights,
        "r": rank,
        "lora_alpha": int(alpha) if alpha == int(alpha) else alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted(_MODULES[kind].rpartition(".")[2] for kind in kinds),
    }
    return (json.dumps(config, indent=2) + "\n").encode()
