"""vLLM: one base at full precision, and one LoRA adapter for each language over it, in one process."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from lsp_experts.errors import AdaptError, UsageError
from lsp_experts.lab.export.engine_files import EngineFiles
from lsp_experts.lab.export.peft_adapter import peft_folder
from lsp_experts.lab.export.serve_yaml import Value, serve_yaml
from lsp_experts.lab.export.served import LeftOut, Served
from lsp_experts.registry.entry import Entry, HubSource

ENDPOINT = "http://127.0.0.1:8000/v1"
_FILE, _ADAPTERS = "vllm.yaml", "adapters"
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # vllm/config/lora.py, MaxLoRARanks
# GGUF is read by a plugin of vLLM's that its documentation (docs/features/quantization/gguf.md) calls highly
# experimental, and advises to run with the base's tokenizer, whose ids a cut vocabulary does not have.
_CARVED = (
    "vLLM serves a base's full weights, and a carved expert is only a GGUF file with a vocabulary of its own; its base "
    "answers in the same language"
)


def vllm_files(served: Sequence[Served], folder: Path, weights: str = "") -> EngineFiles:
    """Configuration and adapters for the base that most of the experts have.

    `weights`: the base's Hugging Face repository or folder; else the name of its GGUF repository without -GGUF.
    UsageError where no expert is left or no name is known.
    """
    able = [each for each in served if each.base.kind != "carved"]
    left_out = [LeftOut(each.id, _CARVED) for each in served if each.base.kind == "carved"]
    if not able:
        raise UsageError(f"Nothing is left for vLLM: {_CARVED}.", remedy="Name the base: --expert ID.")
    (base_id, _), *_ = Counter(each.base.id for each in able).most_common(1)
    base = next(each.base for each in able if each.base.id == base_id)
    left_out += [
        LeftOut(each.id, f"one vLLM serves one base, and this is over {each.base.id}: export it by itself, --expert ID")
        for each in able
        if each.base.id != base_id
    ]
    weights = weights or _weights(base)
    files: dict[str, bytes] = {}
    ranks: dict[str, int] = {}
    kept: list[Served] = []
    for each in (each for each in able if each.base.id == base_id):
        try:
            ranks |= _adapter(each, weights, files)
        except AdaptError as error:
            left_out.append(LeftOut(each.id, str(error).rstrip(".")))
        else:
            kept.append(each)
    if not kept:
        raise UsageError(f"Nothing is left for vLLM: {left_out[-1].expert}: {left_out[-1].why}.")
    files[_FILE] = _configuration(base_id, weights, max(each.entry.context for each in kept), ranks, folder).encode()
    return EngineFiles(
        engine="vllm",
        endpoint=ENDPOINT,
        served=tuple(kept),
        files=files,
        one_host=_one_host(folder, weights, bool(ranks)),
        several_hosts=_several_hosts(folder),
        left_out=tuple(left_out),
    )


def _adapter(each: Served, weights: str, files: dict[str, bytes]) -> dict[str, int]:
    """Adds the expert's PEFT folder to `files`, and gives its rank by its id; nothing for a base."""
    if each.adapter is None:
        return {}
    if not isinstance(each.model, Path):
        raise AdaptError(f"the order of its rows is read from its base: pull {each.base.id} first")
    rank, content = peft_folder(each.adapter, each.model, weights)
    if rank > _RANKS[-1]:
        raise AdaptError(f"vLLM takes ranks up to {_RANKS[-1]}, and this has {rank}")
    files |= {f"{_ADAPTERS}/{each.id}/{name}": data for name, data in content.items()}
    return {each.id: rank}


def _configuration(base_id: str, weights: str, context: int, ranks: dict[str, int], folder: Path) -> str:
    lora: dict[str, Value] = {
        "enable-lora": True,
        "max-loras": len(ranks),
        "max-cpu-loras": len(ranks),
        "max-lora-rank": min(rank for rank in _RANKS if rank >= max(ranks.values(), default=1)),
        "lora-modules": [
            json.dumps({"name": expert, "path": str(folder / _ADAPTERS / expert), "base_model_name": base_id})
            for expert in ranks
        ],
    }
    remark = f"""\
vllm serve --config {_FILE}; written by lsp-experts export.
model: the base's full weights, not its GGUF. If the name was not given by --weights, it is that of the GGUF repository
without -GGUF: nobody has looked whether it is there."""
    return serve_yaml(
        {
            "model": weights,
            "served-model-name": [base_id],
            "host": "127.0.0.1",
            "port": 8000,
            "max-model-len": context,
            # A repository's own generation_config.json may punish repetitions, which code is full of.
            "generation-config": "vllm",
            "enable-prefix-caching": True,
            **(lora if ranks else {}),
        },
        remark,
    )


def _weights(base: Entry) -> str:
    for source in base.sources:
        if isinstance(source, HubSource) and (found := re.fullmatch(r"(.+)-gguf", source.repo, re.IGNORECASE)):
            return found[1]
    raise UsageError(
        f"No repository of full weights is known for {base.id}.", remedy="Give it: --weights OWNER/NAME, or a folder."
    )


def _one_host(folder: Path, weights: str, adapters: bool) -> str:
    file = quote(str(folder / _FILE))
    about = (
        "\nThe adapters were trained over the quantised base and are added to its full weights here: answers differ a "
        "little\nfrom those on your own machine.\n"
        if adapters
        else ""
    )
    return f"""\
```sh
pip install vllm
vllm serve --config {file}
curl -s http://127.0.0.1:8000/v1/models
```

vLLM fetches `{weights}` at its first start.
{about}"""


def _several_hosts(folder: Path) -> str:
    file = quote(str(folder / _FILE))
    return f"""\
These models are small: a copy of the whole engine on each host, behind a load balancer, answers faster than one engine
spread over them. Copy this folder to the same path on each.

Only a base that does not fit into one host's GPUs needs vLLM on Ray (vLLM's documentation, "Parallelism and scaling"),
with as many pipeline stages as hosts, and as many tensor parts as GPUs in each:

```sh
ray start --head --port=6379                # on the first host
ray start --address=FIRST_HOST:6379         # on each other
vllm serve --config {file} --distributed-executor-backend ray --tensor-parallel-size GPUS --pipeline-parallel-size HOSTS
```"""
