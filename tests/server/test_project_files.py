"""What project files depend on: each kind of file, and what nobody may be led to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.server.project_files import MAX_FILES, dependencies, frameworks
from lsp_experts.server.workspace_folder import MAX_FILE_BYTES, WorkspaceFolder
from lsp_experts.settings import Settings

NAMES = (
    "package.json", "composer.json", "pyproject.toml", "requirements.txt", "Cargo.toml", "go.mod", "Gemfile", "a.csproj"
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("package.json", '{"dependencies": {"htmx.org": "^2", "@angular/core": "1"}}', "htmx.org @angular/core"),
        ("package.json", '{"devDependencies": {"vue": "3"}, "peerDependencies": {"react": "*"}}', "vue react"),
        ("package.json", '{"dependencies": ["vue"], "name": 3}', ""),
        ("package.json", "[1]", ""),
        ("package.json", '{"dependencies": {"a": 1', ""),
        ("package.json", "[" * 100_000, ""),
        (
            "composer.json",
            '{"require": {"laravel/framework": "^11"}, "require-dev": {"x/y": "1"}}',
            "laravel/framework x/y",
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["torch>=2", "qiskit[all] ; python_version>\'3\'"]',
            "torch qiskit",
        ),
        (
            "pyproject.toml",
            '[project.optional-dependencies]\na = ["x"]\n[dependency-groups]\nb = ["y~=1", {c = 1}]',
            "x y",
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\ndjango = "^5"\n[tool.poetry.group.t.dependencies]\nz = "1"',
            "django z",
        ),
        ("pyproject.toml", '[project]\ndependencies = "torch"\n[tool]\npoetry = 1', ""),
        ("pyproject.toml", "a = " + "[" * 100_000, ""),
        ("requirements.txt", "# x\ntorch==2.1 # y\n-r more.txt\n./local\nhttps://a/b.whl\n\nFlask\n", "torch Flask"),
        ("requirements-dev.txt", "pytest\n", "pytest"),
        (
            "go.mod",
            "module a.b/c\nrequire x.org/y v1\nrequire (\n\tgithub.com/a/b v1.2.3 // i\n)\n",
            "x.org/y github.com/a/b",
        ),
        ("Cargo.toml", '[dependencies]\ntokio = "1"\n[target."cfg(unix)".dependencies]\nnix = "1"\n', "tokio nix"),
        ("Cargo.toml", '[workspace.dependencies]\nserde = {version = "1"}\n[dev-dependencies]\nq = "1"', "q serde"),
        ("Gemfile", "source 'x'\ngem 'rails', '~> 7'\n  gem \"pg\"\n# gem 'no'\n", "rails pg"),
        ("App.csproj", '<ItemGroup><PackageReference Include="Npgsql" Version="8" /></ItemGroup>', "Npgsql"),
        ("README.md", "gem 'rails'", ""),
    ],
)
def test_each_kind_of_file(name: str, text: str, expected: str) -> None:
    assert " ".join(dependencies(name, text)) == expected


@given(st.sampled_from(NAMES), st.text(max_size=300))
def test_no_text_is_too_strange(name: str, text: str) -> None:
    dependencies(name, text)


def found(root: Path) -> set[str]:
    return set(frameworks(WorkspaceFolder(root), Settings()))


def write(at: Path, text: str) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(text, encoding="utf-8")


def test_all_project_files_of_a_workspace_count(tmp_path: Path) -> None:
    write(tmp_path / "package.json", '{"dependencies": {"vue": "3"}}')
    write(tmp_path / "services" / "api" / "go.mod", "require x.org/y v1\n")
    write(tmp_path / "services" / "ml" / "requirements.txt", "torch\n")
    assert found(tmp_path) == {"vue", "x.org/y", "torch"}


def test_dependencies_of_dependencies_and_ignored_files_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "out/\n")
    write(tmp_path / "node_modules" / "a" / "package.json", '{"dependencies": {"deep": "1"}}')
    write(tmp_path / "out" / "package.json", '{"dependencies": {"built": "1"}}')
    write(tmp_path / ".venv" / "requirements.txt", "hidden\n")
    write(tmp_path / "a" / "b" / "c" / "d" / "requirements.txt", "far\n")
    write(tmp_path / "a" / "b" / "requirements.txt", "near\n")
    assert found(tmp_path) == {"near"}


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / "other" / "package.json", '{"dependencies": {"secret": "1"}}')
    write(tmp_path / "other" / "requirements.txt", "secret\n")
    root = tmp_path / "shop"
    write(root / "requirements.txt", "own\n")
    (root / "package.json").symlink_to(tmp_path / "other" / "package.json")
    (root / "linked").symlink_to(tmp_path / "other", target_is_directory=True)
    (root / "round").symlink_to(root, target_is_directory=True)
    assert found(root) == {"own"}


def test_no_file_holds_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go.mod")
    (tmp_path / "package.json").mkdir()
    write(tmp_path / "requirements.txt", "x\n" * MAX_FILE_BYTES)  # too large
    (tmp_path / "Gemfile").write_bytes(b"gem 'bin'\0")
    (tmp_path / "requirements-latin.txt").write_bytes(b"caf\xe9\nflask\n")
    assert found(tmp_path) == {"caf", "flask"}
    assert found(tmp_path / "not there") == set()


def test_there_is_a_limit(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 10):
        write(tmp_path / f"requirements{number:03}.txt", f"p{number}\n")
    assert len(found(tmp_path)) == MAX_FILES
