"""Which language a document is in: the editor's id, aliases, then the file's name, never the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from lsp_experts.paths import bundled_registry
from lsp_experts.registry.catalogue import Catalogue, load_registry
from lsp_experts.registry.entry import Entry
from lsp_experts.routing.languages import file_name, language_named, language_of, syntax_of


@pytest.fixture(scope="module")
def bundled() -> Catalogue:
    return load_registry(bundled_registry())


@pytest.mark.parametrize(
    ("uri", "language_id", "expected"),
    [
        # the editor's id, where an expert names it
        ("file:///a/main.go", "go", "go"),
        ("file:///a/main.py", "go", "go"),
        ("file:///a/main.go", " Go ", "go"),
        ("file:///a/app.jsx", "javascriptreact", "javascriptreact"),
        # aliases of editors
        ("file:///a/run", "sh", "shellscript"),
        ("file:///a/run", "bash", "shellscript"),
        ("file:///a/run", "bash-ts", "shellscript"),
        ("file:///a/x.cc", "c++", "cpp"),
        ("file:///a/x.jsx", "jsx", "javascript"),
        ("file:///a/x.tsx", "typescript.tsx", "typescript"),
        ("file:///a/x.vue", "vue", "html"),
        ("file:///a/x.svelte", "svelte", "html"),
        ("file:///a/x.html", "htmldjango", "html"),
        ("file:///a/settings.json", "jsonc", "json"),
        ("file:///a/q", "mysql", "sql"),
        ("file:///a/q", "python3", "python"),
        # the name, where the id says nothing or nobody knows it
        ("file:///a/main.go", "", "go"),
        ("file:///a/main.go", "plaintext", "go"),
        ("file:///a/MAIN.GO", "plaintext", "go"),
        ("file:///a/lib.d.ts", "plaintext", "typescript"),
        ("file:///a/index.blade.php", "laravel", "php"),
        ("file:///a/Gemfile", "plaintext", "ruby"),
        ("file:///a/.bashrc", "", "shellscript"),
        ("file:///a/x.h", "", "c"),
        ("file:///a/x.hpp", "", "cpp"),
        ("file:///a/x.vue", "", "html"),
        ("file:///a/x.scss", "", "scss"),
        ("file:///a/nb.ipynb", "", "python"),
        ("file:///a/solve.F90", "", "fortran"),
        ("file:///a/solve.f90", "fortran-modern", "fortran"),
        ("file:///a/PAYROLL.CBL", "", "cobol"),
        ("file:///a/Main.qml", "", "qml"),
        ("file:///a/cpu.sv", "", "verilog"),
        ("file:///a/cpu.sv", "systemverilog", "systemverilog"),
        ("file:///a/kernel.cuh", "", "cpp"),
        ("file:///a/site.yml", "ansible", "yaml"),
        ("file:///a/Dockerfile.dev", "", "dockerfile"),
        ("file:///a/main.tf", "", "terraform"),
        # neither
        ("file:///a/x.zig", "zig", "zig"),
        ("file:///a/x.scss", "scss", "scss"),
        ("file:///a/x", "", "plaintext"),
        ("", "", "plaintext"),
        ("file:///a/go", "plaintext", "plaintext"),
        ("file:///a/x.go/", "plaintext", "plaintext"),
        ("file:///a/x", "*", "*"),
        # other schemes and odd URIs
        ("untitled:Untitled-1", "go", "go"),
        ("untitled:Untitled-1", "plaintext", "plaintext"),
        ("untitled:/home/me/new.rs", "", "rust"),
        ("vscode-notebook-cell:/c%3A/x/nb.ipynb#W0sZmlsZQ%3D%3D", "", "python"),
        ("vscode-notebook-cell:/x/nb.ipynb#W1", "sql", "sql"),
        ("file:///c%3A/My%20Code/a%23b/main%2Ego", "", "go"),
        ("file:///C:\\code\\main.go", "", "go"),
        ("C:\\code\\main.go", "", "go"),
        ("/home/me/main.go", "", "go"),
        ("main.go", "", "go"),
        ("git:/a/main.go?%7B%22ref%22%3A%22~%22%7D", "", "go"),
        ("jar:file:///a/b.jar!/org/x/Main.java", "", "java"),
        ("data:text/plain,main.go", "", "plaintext"),
        ("file:///a/%E4%BD%A0.go", "", "go"),
        ("file:///a/%FF%zz%.go", "", "go"),
        ("http://[broken/main.go", "", "go"),
        ("file:///a/" + "x" * 100_000 + ".go", "", "go"),
        ("file:///a/\x00\n.go", "", "go"),
        ("file:///a/\ud83d.go", "", "go"),
    ],
)
def test_language(bundled: Catalogue, uri: str, language_id: str, expected: str) -> None:
    assert language_of(uri, language_id, bundled) == expected


@pytest.mark.parametrize(
    ("uri", "language_id", "expected"),
    [
        ("file:///a/x.vue", "vue", "vue"),
        ("file:///a/x.vue", "", "vue"),
        ("file:///a/x.vue", "html", "vue"),
        ("file:///a/x.svelte", "", "svelte"),
        ("file:///a/x.astro", "astro", "astro"),
        ("file:///a/x.php", "php", "php"),
        ("file:///a/x.tsx", "", "typescriptreact"),
        ("file:///a/x.tsx", "typescript.tsx", "typescriptreact"),
        ("file:///a/x.jsx", "jsx", "javascriptreact"),
        ("file:///a/x.html", "htmldjango", "html"),
        ("file:///a/x.erb", "eruby", "html"),
        ("file:///a/x.go", "golang", "go"),
        ("file:///a/x.md", "", "markdown"),
        ("file:///a/x.vue", "go", "go"),
        ("file:///a/n.ipynb", "json", "ipynb"),
        ("file:///a/n.ipynb", "", "ipynb"),
        ("file:///a/n.ipynb", "python", "python"),
        ("vscode-notebook-cell:/a/n.ipynb#W1", "", "python"),
        ("untitled:a", "", "plaintext"),
    ],
)
def test_what_a_document_is_parsed_as(bundled: Catalogue, uri: str, language_id: str, expected: str) -> None:
    assert syntax_of(uri, language_id, bundled) == expected


def test_names_that_people_use() -> None:
    said = ["golang", "JS", " tsx ", "sh", "C++", "vue", "md", "unheard-of", ""]
    named = ["go", "javascript", "typescriptreact", "shellscript", "cpp", "vue", "markdown", "unheard-of", ""]
    assert [language_named(name) for name in said] == named


def with_experts(catalogue: Catalogue, *entries: Entry) -> Catalogue:
    added = {entry.id: entry for entry in entries}
    return replace(catalogue, entries=MappingProxyType({**added, **catalogue.entries}))


def test_an_expert_of_the_users_own_beats_an_alias_and_a_pattern(bundled: Catalogue) -> None:
    catalogue = with_experts(
        bundled,
        Entry("vue-mine", "model", ("vue",), "MIT", "", patterns=("*.vue",)),
        Entry("test-mine", "model", ("gotest",), "MIT", "", patterns=("*_test.go",)),
        Entry("rc-mine", "model", ("gorc",), "MIT", "", patterns=("gorc.go",)),
    )
    assert language_of("file:///a/x.vue", "vue", catalogue) == "vue"
    assert language_of("file:///a/x.vue", "", catalogue) == "vue"
    assert language_of("file:///a/x_test.go", "", catalogue) == "gotest"
    assert language_of("file:///a/gorc.go", "", catalogue) == "gorc"
    assert language_of("file:///a/x.go", "", catalogue) == "go"


def test_names() -> None:
    assert file_name("file:///a/b%20c.go") == "b c.go"
    assert file_name("untitled:Untitled-1") == "Untitled-1"
    assert file_name("vscode-notebook-cell:/a/n.ipynb#X/y.go") == "n.ipynb"
    assert file_name("") == ""


def test_the_disk_is_not_asked(bundled: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the disk was asked")

    for name in ("open", "exists", "is_file", "read_text", "stat"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert language_of("file:///etc/passwd.go", "", bundled) == "go"
