"""`recommend DIR`: what a workspace contains, and the experts that it asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.cli.main import main
from lsp_experts.paths import default_paths


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, encoding="utf-8")
    return folder


def proposed(capsys: pytest.CaptureFixture[str], folder: Path) -> dict[str, dict[str, Any]]:
    """Proposals by language, or by language+domain."""
    assert main(["recommend", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["proposals"]
    return {row["language"] + ("+" + row["domain"] if row["domain"] else ""): row for row in rows}


def test_languages_and_domains_of_a_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "main.go": "package main\n",
        "sim/solve.f90": "program solve\nend program\n",
        "sim/mesh.F90": "program mesh\nend program\n",
        "sim/sum.cpp": "#include <omp.h>\nint main() {}\n",
        "sim/plain.cpp": "int f() { return 1; }\n",
        "quantum/bell.py": "from qiskit import QuantumCircuit\n",
        "ui/Main.qml": "import QtQuick\nItem {}\n",
        "chip/alu.v": "module alu; endmodule\n",
        "old/payroll.cbl": "       IDENTIFICATION DIVISION.\n",
        "notes.txt": "nothing\n",
    }
    found = proposed(capsys, written(tmp_path / "shop", files))
    assert {name: row["files"] for name, row in found.items()} == {
        "go": 1, "fortran": 2, "cpp": 2, "cpp+hpc": 1, "python": 1, "python+qiskit": 1, "qml": 1, "verilog": 1,
        "cobol": 1,
    }  # fmt: skip
    assert next(iter(found)) in ("cpp", "fortran"), "the most files first"
    assert found["go"]["expert"] == "go-carved" and found["go"]["state"] == "carve"
    assert found["python+qiskit"]["expert"] == "granite-8b-qiskit" and not found["python+qiskit"]["general"]
    assert found["verilog"]["commands"] == ["lsp-experts pull rtlcoder-v1.1"]
    assert found["qml"]["general"], "where its adapter lies was not checked"
    assert found["fortran"]["general"] and found["fortran"]["others"] == ["fortrancodegen-3b"]
    assert found["cobol"]["general"] and found["cobol"]["others"] == []


def test_what_is_ignored_secret_generated_or_not_ours_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        ".gitignore": "out/\n",
        ".cursorignore": "legal/\n",
        "a.go": "package a\n",
        "out/b.rs": "fn b() {}\n",
        "legal/c.py": "import qiskit\n",
        "node_modules/d/d.js": "d\n",
        "api.pb.go": "package a\n",
        "secrets.yaml": "key: 1\n",
    }
    assert list(proposed(capsys, written(tmp_path / "shop", files))) == ["go"]


def test_a_project_file_is_a_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = {
        "version": 1,
        "experts": [
            {
                "id": "my-htmx", "kind": "model", "languages": ["html"], "licence": "MIT", "note": "mine",
                "sources": [{"type": "file", "path": "/models/mine.gguf"}],
                "domain": {"name": "htmx", "frameworks": ["htmx.org"]},
            }
        ],
    }  # fmt: skip
    written(default_paths().config, {"expert_registry.json": json.dumps(overlay)})
    folder = written(tmp_path / "shop", {"index.html": "<b>x</b>\n"})
    assert list(proposed(capsys, folder)) == ["html"]
    written(folder, {"web/package.json": '{"dependencies": {"htmx.org": "2"}}'})
    assert proposed(capsys, folder)["html+htmx"]["expert"] == "my-htmx"


def test_in_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "shop", {"main.go": "package main\n", "x.f90": "end\n"})
    assert main(["recommend", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "Go (1 file): `go-carved` (Apache-2.0) by `lsp-experts pull qwen2.5-coder-0.5b` and then"
    )
    assert lines[1].startswith("Fortran (1 file): no expert of their own; `qwen2.5-coder-0.5b`")
    assert lines[2].startswith("Fortran has `fortrancodegen-3b`, if you agree")
    assert lines[3].startswith("Nothing was measured yet")


def test_without_a_folder_it_speaks_of_what_was_measured_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"recommendations": [], "preferred": {}}


def test_what_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", str(tmp_path / "gone")]) == 1
    assert "is not a folder" in capsys.readouterr().err
    assert main(["recommend", str(written(tmp_path / "bare", {"a.txt": "x"}))]) == 0
    assert "has no files of a language" in capsys.readouterr().out


def test_a_remote_expert_is_nothing_to_pull(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = {
        "id": "team-htmx", "kind": "remote", "languages": ["python"], "licence": "MIT", "note": "ours", "fim": "qwen",
        "remote": {"endpoint": "https://models.example.org/v1", "model": "m"},
        "domain": {"name": "torch", "imports": ["torch"]},
    }  # fmt: skip
    overlay = default_paths().overlay
    overlay.parent.mkdir(parents=True)
    overlay.write_text(json.dumps({"version": 1, "experts": [entry]}))
    found = proposed(capsys, written(tmp_path / "shop", {"a.py": "import torch\n"}))
    assert list(found) == ["python"] and found["python"]["expert"] == "python-carved"
