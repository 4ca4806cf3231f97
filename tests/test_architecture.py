"""The rules about the code itself: who may import whom, how long a file may be, what a name may not be."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import lsp_experts

ROOT = Path(lsp_experts.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py"))
LEAVES = {"registry", "settings", "errors", "paths", "syntax"}
# cli -> lab, server; server -> actions, completion, routing -> pool -> engine -> protocol; leaves for everybody.
BELOW = {
    "cli": {"cli", "lab", "server", "actions", "completion", "routing", "pool", "engine"},
    "lab": {"lab", "actions", "completion", "routing", "pool", "engine"},
    "server": {"server", "actions", "completion", "routing", "pool", "engine"},
    "actions": {"actions", "completion", "routing", "pool", "engine"},
    "completion": {"completion", "routing", "pool", "engine"},
    "routing": {"routing", "pool", "engine"},
    "pool": {"pool", "engine"},
    "engine": {"engine"},
    "registry": {"registry"},
    "syntax": {"syntax"},
}
HEAVY = {"llama_cpp", "numpy", "gguf"}


@functools.cache
def imported(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module} | {f"{node.module}.{alias.name}" for alias in node.names})
    return frozenset(found)


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py")


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for path in FILES:
        package = package_of(path)
        allowed = BELOW.get(package, set()) | LEAVES | {package}
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "lsp_experts" or len(parts) == 1 or parts[1] == "__version__" or package == "__main__":
                continue
            inside_worker = "worker" in path.parts
            if parts[1] not in allowed or (name.startswith("lsp_experts.engine.worker") and not inside_worker):
                wrong.append(f"{path.relative_to(ROOT)} must not import {name}")
    assert not wrong


def test_only_engine_and_lab_import_the_heavy_libraries() -> None:
    wrong = []
    for path in FILES:
        relative = path.relative_to(ROOT).parts
        if relative[0] == "lab" or "worker" in relative:
            continue
        heavy = {name for name in imported(path) if name.split(".")[0] in HEAVY}
        lab = {name for name in imported(path) if name.startswith("lsp_experts.lab") and relative[0] != "cli"}
        wrong += [f"{path.relative_to(ROOT)} must not import {name}" for name in heavy | lab]
    assert not wrong


def test_files_are_small_and_say_what_they_are() -> None:
    wrong = []
    for path in FILES:
        text, name = path.read_text("utf-8"), path.relative_to(ROOT)
        if len(text.splitlines()) > 400:
            wrong.append(f"{name}: over 400 lines: split it by reason")
        if re.fullmatch(r"(utils?|helpers?|manager|misc|common)\.py", path.name):
            wrong.append(f"{name}: a name that says nothing")
        if text and not ast.get_docstring(ast.parse(text)):
            wrong.append(f"{name}: no docstring that says what it is for")
    assert not wrong
