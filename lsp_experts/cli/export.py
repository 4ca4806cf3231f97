"""`lsp-experts export --for ENGINE`: what an engine needs to serve your experts to a team."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.endpoint import unsafe_endpoint
from lsp_experts.registry.store import Store


def run(*, engine: str, out: Path | None, experts: Sequence[str], endpoint: str, weights: str, force: bool) -> int:
    """Write the folder; 0. `weights` is for vLLM only. UsageError, UnknownExpert, StoreError."""
    from lsp_experts.lab.export.folder import write_folder
    from lsp_experts.lab.export.llama_server import llama_server_files
    from lsp_experts.lab.export.ollama import ollama_files
    from lsp_experts.lab.export.readme import readme
    from lsp_experts.lab.export.remote_entries import FILE, remote_entries
    from lsp_experts.lab.export.served import served_experts
    from lsp_experts.lab.export.vllm import vllm_files

    if endpoint and (problem := unsafe_endpoint(endpoint)):
        raise UsageError(f"--endpoint {endpoint}: {problem}.", remedy="For example: https://models.example.org/v1.")
    if weights and engine != "vllm":
        raise UsageError("--weights is for vLLM only; the other engines serve the GGUF files.")
    paths = default_paths()
    catalogue = load_catalogue(paths)
    for problem in catalogue.problems:
        _say(problem)
    folder = (out or Path(f"experts-{engine}")).absolute()
    served, left_out = served_experts(catalogue, Store(paths.store), experts)
    match engine:
        case "vllm":
            made = vllm_files(served, folder, weights)
        case "ollama":
            made = ollama_files(served, folder)
        case _:
            made = llama_server_files(served, folder)
    left_out += made.left_out
    if not made.served:
        raise UsageError(f"Nothing is left for {engine}: {left_out[0].expert}: {left_out[0].why}.")
    where = endpoint or made.endpoint
    files = {**made.files, FILE: remote_entries(made, where), "README.md": readme(made, where, left_out).encode()}
    write_folder(folder, files, force=force)
    for each in left_out:
        _say(f"{each.expert} is not served: {each.why}.")
    print(
        f"{len(made.served)} of {len(made.served) + len(left_out)} experts for {engine}, {len(files)} files in {folder}"
    )
    print(f"{folder / 'README.md'} says how to run them.")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
