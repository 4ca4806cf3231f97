"""Entries for a domain, where commands choose or show experts of a language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_experts.cli.carve import _entry, _order
from lsp_experts.cli.main import main
from lsp_experts.lab.corpus import texts_of
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store

OVERLAY = {
    "version": 1,
    "experts": [
        {
            "id": "htmx-carved", "kind": "carved", "languages": ["html"], "licence": "MIT", "note": "mine",
            "base": "qwen2.5-coder-0.5b", "keep_set": "html", "domain": {"name": "htmx", "marks": ["hx-get="]},
        }
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def overlay() -> None:
    file = default_paths().overlay
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(OVERLAY), encoding="utf-8")


def test_a_language_is_carved_for_all_of_it() -> None:
    catalogue = load_catalogue(default_paths())
    assert catalogue.problems == ()
    whole, special = _entry(catalogue, "html", None), _entry(catalogue, "html", "htmx-carved")
    assert whole is not None and whole.id == "html-carved"
    assert special is not None and special.id == "htmx-carved"


def test_experts_says_of_which_domain_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experts", "--language", "html", "--json"]) == 0
    domains = {row["id"]: row["domain"] for row in json.loads(capsys.readouterr().out)}
    assert domains == {"htmx-carved": "htmx", "html-carved": None}
    assert main(["experts", "--language", "html"]) == 0
    assert "html with htmx" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "files", "read"),
    [
        ("fortran", {"a.f90": "end\n", "B.F90": "stop\n", "c.py": "pass\n"}, ["stop\n", "end\n"]),
        ("dockerfile", {"Dockerfile": "FROM a\n", "web/Dockerfile.dev": "FROM b\n"}, ["FROM a\n", "FROM b\n"]),
        ("yaml", {"a.yml": "a: 1\n", "b.yaml": "b: 1\n", "c.json": "{}\n"}, ["a: 1\n", "b: 1\n"]),
        ("html", {"a.html": "<b>\n"}, ["<b>\n"]),
    ],
)
def test_any_known_language_can_be_carved_by_a_corpus(
    tmp_path: Path, language: str, files: dict[str, str], read: list[str]
) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    paths = default_paths()
    catalogue, base = load_catalogue(paths), str(tmp_path / "base.gguf")
    entry = _entry(catalogue, language, None)
    order = _order(catalogue, Store(paths.store), entry, "mine", language, base, [tmp_path])
    assert sorted(texts_of(tmp_path, language, order.patterns)) == sorted(read)
