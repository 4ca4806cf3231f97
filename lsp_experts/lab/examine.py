"""What `lsp-experts doctor` looks at: llama.cpp's build, this machine, the registry, every installed expert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from lsp_experts.completion.templates import choose
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError, ExpertsError
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.lab.probes import self_test
from lsp_experts.paths import Paths
from lsp_experts.pool.budget import default_budget_bytes
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.store import Store


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. A `remedy` says what to do about a finding that is not `ok`."""

    topic: str
    found: str
    ok: bool = True
    remedy: str = ""


async def examine(paths: Paths) -> AsyncIterator[Finding]:
    """Findings as they are made. Nothing is changed, and no failure ends it early."""
    catalogue = load_catalogue(paths)
    async with open_engine(paths) as engine:
        for finding in (*_registry(paths, catalogue), *_machine(paths)):
            yield finding
        build = await _build(engine, paths)
        yield build
        if not build.ok:
            return
        store = Store(paths.store)
        installed = [name for name in store.recorded_ids() if name in catalogue.entries]
        if not installed:
            yield Finding("experts", "none is installed", False, "`lsp-experts demo`, or `lsp-experts pull ID`.")
        for name in installed:
            yield await _expert(engine, catalogue, store, name)


def _registry(paths: Paths, catalogue: Catalogue) -> list[Finding]:
    where = f"{len(catalogue.entries)} experts known"
    if catalogue.problems:
        return [Finding("registry", where, False, problem) for problem in catalogue.problems]
    overlay = f", your own entries from {paths.overlay}" if paths.overlay.exists() else ""
    return [Finding("registry", where + overlay)]


def _machine(paths: Paths) -> list[Finding]:
    memory = psutil.virtual_memory()
    budget = default_budget_bytes(0)
    logical = psutil.cpu_count() or 1
    return [
        Finding("processor", f"{_cpu_name()}, {physical_cores()} cores, {logical} threads"),
        Finding("engine threads", f"{physical_cores()} for decoding, the same for prompts"),
        Finding(
            "memory",
            f"{memory.total:,} bytes, {memory.available:,} available",
            memory.available > 1 << 30,
            "Less than 1 GiB is free: close something, or use a smaller expert.",
        ),
        Finding("budget", f"{budget:,} bytes by default (half of what is available; lspExperts.memoryBudgetBytes)"),
        Finding("store", str(paths.store)),
    ]


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown processor"


async def _build(engine: Supervisor, paths: Paths) -> Finding:
    try:
        build = await engine.start()
    except ExpertsError as error:
        return Finding(
            "llama.cpp",
            str(error),
            False,
            "Reinstall it for this machine: pip install --force-reinstall --no-cache-dir llama-cpp-python",
        )
    refused = ", extra buffer types (AMX, repacking) refused: they crashed here" if _refused(paths) else ""
    devices = "GPU offload possible, not used" if build.get("gpu_offload") else "CPU only"
    return Finding(
        "llama.cpp", f"llama-cpp-python {build.get('llama_cpp_python')}, {devices}; {build.get('features')}{refused}"
    )


def _refused(paths: Paths) -> bool:
    return ExtraBuftsMemory.of(paths).refused


async def _expert(engine: Supervisor, catalogue: Catalogue, store: Store, name: str) -> Finding:
    entry = catalogue.get(name)
    again = f"`lsp-experts carve --language {entry.languages[0]} --force`" if entry.kind == "carved" else ""
    again = again or f"`lsp-experts pull {name} --again`"
    try:
        model = installed_model(catalogue, store, name)
        report = await engine.load(model.load(name))
        proof = await self_test(engine, name, choose(entry.fim, report))
        await engine.evict(name, forget=True)
    except EngineError as error:
        return Finding(name, str(error), False, f"Its file may be damaged: `lsp-experts verify {name}`, then {again}.")
    except ExpertsError as error:
        return Finding(name, error.message, False, error.remedy or again)
    file = f"{model.adapter_bytes or model.file_bytes:,} bytes" + (f" over {entry.base}" if model.adapter else "")
    size = f"{file}, {report.resident_bytes:,} in memory, loaded in {report.load_ms:.0f} ms"
    if proof.template is None:
        left = "completes left to right (it has no tokens for filling in)"
        wrong = entry.fim not in ("none", "auto")
        return Finding(name, f"{size}, {left}", not wrong, f"Its vocabulary lacks the template {entry.fim}.")
    return Finding(
        name,
        f"{size}, fills in the middle: {proof.filled} of {proof.probes} ({proof.template})",
        proof.passed,
        f"It does not fill in the middle with the template {proof.template}: set `fim` in your own registry.",
    )
