"""llama.cpp's server in router mode: one preset for each expert, one process of its own for each that is in use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from lsp_experts.lab.export.engine_files import EngineFiles
from lsp_experts.lab.export.preset_ini import Preset, preset_text
from lsp_experts.lab.export.served import LeftOut, Served
from lsp_experts.registry.entry import HubSource

ENDPOINT = "http://127.0.0.1:8080/v1"
_FILE = "models.ini"
_SLOTS = 8  # documents of one expert whose prompts stay in its KV cache
# For all: batches and chunk reuse as in llama.cpp's own fill-in-the-middle presets (common/arg.cpp, --fim-qwen-*).
# Prompts that lost their slot wait in main memory (cache-ram, MiB for each model), and /slots shows nobody's work.
_SHARED: Preset = {
    "batch-size": "1024",
    "ubatch-size": "1024",
    "cache-reuse": "256",
    "parallel": str(_SLOTS),
    "kv-unified": "false",
    "cache-ram": "2048",
    "slots": "false",
    "load-on-startup": "true",
}
_REMARK = f"""\
Presets for llama-server --models-preset, written by lsp-experts export.
Each model has {_SLOTS} slots, so {_SLOTS} documents keep their prompts; ctx-size is that of all slots together."""


def llama_server_files(served: Sequence[Served], folder: Path) -> EngineFiles:
    """Presets for the experts. UsageError for a path that the format cannot say."""
    pinned = [each for each in served if isinstance(each.model, HubSource) and each.model.revision != "main"]
    served = [each for each in served if each not in pinned]
    presets = {"*": _SHARED} | {each.id: _preset(each) for each in served}
    file = quote(str(folder / _FILE))
    return EngineFiles(
        engine="llama-server",
        endpoint=ENDPOINT,
        served=tuple(served),
        files={_FILE: preset_text(presets, _REMARK).encode()},
        one_host=f"""\
A build with router mode is needed (`--models-preset`, llama.cpp from December 2025 on).

```sh
llama-server --help | grep -e --models-preset
llama-server --models-preset {file} --models-max {len(served)} --host 127.0.0.1 --port 8080
curl -s http://127.0.0.1:8080/v1/models
```

Each expert is a process of its own, with its own copy of the weights on a GPU (on a CPU they share the file's pages).
For many adapters over one base on one GPU, vLLM needs less memory: `lsp-experts export --for vllm`.
`parallel` in `{_FILE}` says how many documents keep their prompts in the KV cache of one expert; raise `ctx-size`
with it.""",
        several_hosts=f"""\
`{_FILE}` names model files by their paths here. Copy them to the same paths on each host, or pull the experts and
export there; then start the same, with `--host` set to an address that only the load balancer reaches.""",
        left_out=tuple(LeftOut(each.id, "llama.cpp fetches no revision but main: pull it first") for each in pinned),
    )


def _preset(each: Served) -> Preset:
    model = each.model
    source = {"model": str(model)} if isinstance(model, Path) else {"hf-repo": model.repo, "hf-file": model.file}
    adapter = {"lora": str(each.adapter)} if each.adapter is not None else {}
    return {**source, **adapter, "ctx-size": str(each.entry.context * _SLOTS)}
