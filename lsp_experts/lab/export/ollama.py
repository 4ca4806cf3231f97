"""Ollama: a Modelfile for each expert, whose template is the prompt and nothing else, so ours goes through as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from lsp_experts.lab.export.engine_files import EngineFiles
from lsp_experts.lab.export.modelfile import Command, modelfile_text
from lsp_experts.lab.export.served import Served
from lsp_experts.registry.entry import HubSource

ENDPOINT = "http://127.0.0.1:11434/v1"
_CREATE = "create.sh"
_PROMPT_ONLY = "{{ .Prompt }}"


def ollama_files(served: Sequence[Served], folder: Path) -> EngineFiles:
    """A Modelfile for each expert, and a script that creates them. UsageError for a path that the format cannot say."""
    files = {f"{each.id}.Modelfile": _modelfile(each).encode() for each in served}
    files[_CREATE] = _script(served).encode()
    adapters = [each.id for each in served if each.adapter is not None]
    return EngineFiles(
        engine="ollama",
        endpoint=ENDPOINT,
        served=tuple(served),
        files=files,
        one_host=f"""\
```sh
OLLAMA_KEEP_ALIVE=-1 OLLAMA_NUM_PARALLEL=8 OLLAMA_MAX_LOADED_MODELS={len(served)} ollama serve
sh {quote(str(folder / _CREATE))}
curl -s http://127.0.0.1:11434/v1/models
```

`OLLAMA_NUM_PARALLEL` is how many requests one expert answers at once; `num_ctx` in a Modelfile is for each of them.
Ollama's interface has no grammar and no token probabilities, so less can be done there: token healing only works where
the model says the typed word again by itself.{_about_adapters(adapters)}""",
        several_hosts="""\
`OLLAMA_HOST=HOST_1:11434 sh create.sh` makes the experts known to the Ollama of another host, files and all. Ollama has
no TLS and no keys of its own: the load balancer in front needs both.""",
    )


def _modelfile(each: Served) -> str:
    model = each.model
    commands: list[Command] = [("from", f"./{model.file}" if isinstance(model, HubSource) else str(model))]
    if each.adapter is not None:
        commands.append(("adapter", str(each.adapter)))
    commands += [
        ("template", _PROMPT_ONLY),
        ("num_ctx", str(each.entry.context)),
        ("temperature", "0"),
        ("repeat_penalty", "1"),  # code repeats itself
        *(("stop", stop) for stop in _stops(each)),
    ]
    return modelfile_text(commands, f"{each.id}, {each.entry.licence}: written by lsp-experts export.")


def _stops(each: Served) -> tuple[str, ...]:
    """What a model may spell instead of ending: its family's stops and its own control texts."""
    template = each.template
    return tuple(dict.fromkeys((*template.controls, *template.stops))) if template is not None else ()


def _script(served: Sequence[Served]) -> str:
    lines = [
        "#!/bin/sh",
        "# Makes the experts known to the Ollama that runs here; written by lsp-experts export.",
        "set -e",
    ]
    lines.append('cd "$(dirname "$0")"')
    for source in dict.fromkeys(each.model for each in served if isinstance(each.model, HubSource)):
        revision = f" --revision {quote(source.revision)}" if source.revision != "main" else ""
        lines.append(f"hf download {quote(source.repo)} {quote(source.file)}{revision} --local-dir .")
    lines += [f"ollama create {quote(each.id)} -f {quote(f'{each.id}.Modelfile')}" for each in served]
    return "\n".join(lines) + "\n"


def _about_adapters(adapters: Sequence[str]) -> str:
    if not adapters:
        return ""
    return f"""

{", ".join(adapters)}: a GGUF adapter over its base. Releases of Ollama from 0.34.1 on are reported to refuse `ADAPTER`
when a model is created (ollama/ollama#14969). Where `ollama create` says so, serve these with llama.cpp's server, or
merge adapter and base into one file with llama.cpp's `llama-export-lora` and name that file in `FROM`."""
