"""The configuration of `vllm serve --config FILE` as text. Pure.

Format: YAML of one level, long options without dashes (vllm/utils/argparse_utils.py, load_config_file). Every value is
written as JSON, which is YAML too; names and kinds of the options: vllm/engine/arg_utils.py and
vllm/entrypoints/common/cli_args.py of vLLM 0.33.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lsp_experts.errors import UsageError

Value = str | int | bool | list[str]

_OPTIONS: Mapping[str, type] = {
    "model": str,
    "served-model-name": list,
    "host": str,
    "port": int,
    "max-model-len": int,
    "generation-config": str,
    "enable-prefix-caching": bool,
    "enable-lora": bool,
    "max-loras": int,
    "max-cpu-loras": int,
    "max-lora-rank": int,
    "lora-modules": list,
}


def serve_yaml(options: Mapping[str, Value], remark: str) -> str:
    """The file with `remark` at its head. UsageError for an option or a value that vLLM would refuse."""
    for name, value in options.items():
        if name not in _OPTIONS or type(value) is not _OPTIONS[name]:
            raise UsageError(f"vLLM has no option {name} = {value!r:.80}.")
    lines = [f"# {line}" for line in remark.splitlines()]
    lines += [f"{name}: {json.dumps(value)}" for name, value in options.items()]
    return "\n".join(lines) + "\n"
