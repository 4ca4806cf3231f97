"""The rules about the code itself: who may import whom, how long a file may be, what a name may not be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import lsp_experts

ROOT = Path(lsp_experts.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py"))
LEAVES = {"registry", "settings", "errors", "paths"}
# cli -> lab, server; server -> actions, completion, routing -> pool -> engine -> protocol; leaves for everybody.
BELOW = {
    "cli": {"cli", "lab", "server", "completion", "routing", "pool", "engine"},
    "lab": {"lab", "completion", "routing", "pool", "engine"},
    "server": {"server", "actions", "completion", "routing", "pool", "engine"},
    "actions": {"actions", "completion", "routing", "pool", "engine"},
    "completion": {"completion", "routing", "pool", "engine"},
    "routing": {"routing", "pool", "engine"},
    "pool": {"pool", "engine"},
    "engine": {"engine"},
    "registry": {"registry"},
}
HEAVY = {"llama_cpp", "numpy", "gguf"}


def imported(path: Path, *, top_level_only: bool) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module} | {f"{node.module}.{alias.name}" for alias in node.names})
    return found


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    package = package_of(path)
    allowed = BELOW.get(package, set()) | LEAVES | {package}
    for name in imported(path, top_level_only=False):
        parts = name.split(".")
        if parts[0] != "lsp_experts" or len(parts) == 1 or parts[1] == "__version__":
            continue
        assert parts[1] in allowed or package == "__main__", f"{package} must not import {name}"
        inside_worker = "worker" in path.parts
        assert not name.startswith("lsp_experts.engine.worker") or inside_worker, f"{name} is a process, not a module"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_engine_and_lab_import_the_heavy_libraries(path: Path) -> None:
    relative = path.relative_to(ROOT).parts
    if relative[0] == "lab" or "worker" in relative:
        return
    names = {name.split(".")[0] for name in imported(path, top_level_only=False)}
    assert not names & HEAVY
    if relative[0] != "cli":
        lab = {name for name in imported(path, top_level_only=False) if name.startswith("lsp_experts.lab")}
        assert not lab


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400, "split it by reason"
    assert not re.fullmatch(r"(utils?|helpers?|manager|misc|common)\.py", path.name)
    if text:
        assert ast.get_docstring(ast.parse(text)), "a file says in its docstring what it is for"
