"""In which domains a document is, by its signs, and who comes first because of it."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Domain, Entry
from lsp_experts.routing.chain import chain, default_expert
from lsp_experts.routing.domains import FILE, FRAMEWORK, IMPORT, MARK, domains_of, names
from lsp_experts.syntax.tree import MAX_CHARS, SyntaxTree

TORCH = Domain("torch", imports=("torch", "lightning"), frameworks=("torch",))
HTMX = Domain("htmx", marks=("hx-get=", "hx-post="), frameworks=("htmx.org",), files=("partials/*.html",))
ANSIBLE = Domain("ansible", marks=("ansible.builtin.",), files=("playbooks/", "roles/*/tasks/*.yml"))


def entry(name: str, *languages: str, domain: Domain | None = None, kind: str = "model", **fields: object) -> Entry:
    return Entry(name, kind, languages, "MIT", "", domain=domain, **fields)  # type: ignore[arg-type]


def check(
    language: str, text: str, expected: dict[str, int], *, path: str = "a", frameworks: tuple[str, ...] = ()
) -> None:
    experts = [
        entry("torch", "python", domain=TORCH),
        entry("htmx", "html", domain=HTMX),
        entry("ansible", "yaml", domain=ANSIBLE),
        entry("all", "*", domain=Domain("tests", files=("tests/",))),
        entry("plain", "python"),
    ]
    assert domains_of(experts, language, SyntaxTree(language, text), path, frameworks) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import torch\n", {"torch": IMPORT}),
        ("import os, torch.nn as nn\n", {"torch": IMPORT}),
        ("from torch.nn import functional\n", {"torch": IMPORT}),
        ("def f():\n    import lightning\n", {"torch": IMPORT}),
        ("import torchvision\n", {}),
        ("from .torch import x\n", {}),
        ("import numpy  # torch\nx = 'import torch'\n", {}),
        ("", {}),
    ],
)
def test_an_import_is_a_sign(text: str, expected: dict[str, int]) -> None:
    check("python", text, expected)


@pytest.mark.parametrize(
    ("language", "text", "path", "frameworks", "expected"),
    [
        ("html", '<b hx-get="/x">', "a.html", (), {"htmx": MARK}),
        ("html", "<b>", "partials/row.html", (), {"htmx": FILE}),
        ("html", "<b>", "src/partials/row.html", (), {}),  # a pattern with a slash begins at the folder
        ("html", "<b>", "a.html", ("react", "htmx.org"), {"htmx": FRAMEWORK}),
        ("html", "<b>", "a.html", ("htmx",), {}),
        ("html", '<b hx-get="/x">', "partials/row.html", ("htmx.org",), {"htmx": MARK}),  # the strongest counts
        ("python", "import torch", "tests/test_a.py", ("torch",), {"torch": IMPORT, "tests": FILE}),
        ("yaml", "- ansible.builtin.copy:", "site.yml", (), {"ansible": MARK}),
        ("yaml", "a: b", "roles/web/tasks/main.yml", (), {"ansible": FILE}),
        ("yaml", "a: b", "deploy/playbooks/x.yml", (), {"ansible": FILE}),
        ("yaml", "a: b", "", (), {}),
        ("go", 'x := "hx-get="', "a.go", ("torch",), {}),  # nobody is made for Go
    ],
)
def test_other_signs_count_less(
    language: str, text: str, path: str, frameworks: tuple[str, ...], expected: dict[str, int]
) -> None:
    check(language, text, expected, path=path, frameworks=frameworks)


def test_of_a_long_text_the_beginning_counts() -> None:
    check("html", "x" * MAX_CHARS + "hx-get=", {})
    check("html", "x" * (MAX_CHARS - 20) + "hx-get=", {"htmx": MARK})


def test_the_tree_is_not_parsed_for_nothing() -> None:
    class Unparsed(SyntaxTree):
        @property
        def root(self) -> None:
            raise AssertionError("it was parsed")

    assert domains_of([entry("htmx", "html", domain=HTMX)], "html", Unparsed("html", "<b hx-get=''>"), "a") == {
        "htmx": MARK
    }


def test_one_domain_of_two_experts_has_the_signs_of_both() -> None:
    experts = [
        entry("a", "sql", domain=Domain("bigquery", files=("bq/",))),
        entry("b", "sql", domain=Domain("bigquery", marks=("STRUCT<",))),
    ]
    assert domains_of(experts, "sql", SyntaxTree("sql", "select STRUCT<"), "bq/a.sql") == {"bigquery": MARK}
    assert domains_of(experts, "sql", SyntaxTree("sql", "select 1"), "bq/a.sql") == {"bigquery": FILE}


@pytest.mark.parametrize(
    ("sign", "name", "expected"),
    [
        ("torch", "torch", True),
        ("torch", "torch.nn", True),
        ("torch", "torchvision", False),
        ("torch.nn", "torch", False),
        ("cuda_runtime", "cuda_runtime.h", True),
        ("@angular", "@angular/core", True),
        ("tokio", "tokio::net::{TcpStream}", True),
        ("Illuminate", "Illuminate\\Http\\Request", True),
        ("MPI", "mpi", True),
        ("pytorch-lightning", "pytorch_lightning", True),
        ("torch", "", False),
    ],
)
def test_what_a_sign_names(sign: str, name: str, expected: bool) -> None:
    assert names(sign, name) is expected


# -- the chain --------------------------------------------------------------------------------------------------------

ENTRIES = (
    entry("htmx-weak", "html", domain=Domain("htmx", marks=("hx-",))),
    entry("ui", "html", domain=Domain("tailwind", marks=("tw-",))),
    entry("any-htmx", "*", domain=Domain("htmx", marks=("hx-",))),
    entry("html-1", "html"),
    entry("htmx-lora", "html", kind="adapter", base="base", domain=Domain("htmx", marks=("hx-",))),
    entry("vue-ui", "vue", domain=Domain("tailwind", marks=("tw-",))),
    entry("far", "html", kind="remote", domain=Domain("htmx", marks=("hx-",))),
    entry("base", "*"),
)
CATALOGUE = Catalogue(MappingProxyType({each.id: each for each in ENTRIES}), MappingProxyType({"html": ("vue",)}))
ALL = " ".join(each.id for each in ENTRIES)


@pytest.mark.parametrize(
    ("domains", "installed", "expected"),
    [
        ({}, ALL, "html-1=expert base=general"),
        ({"react": IMPORT}, ALL, "html-1=expert base=general"),
        (
            {"htmx": MARK},
            ALL,
            "htmx-weak=domain:htmx htmx-lora=domain:htmx any-htmx=domain:htmx html-1=expert base=general",
        ),
        (
            {"htmx": FILE, "tailwind": MARK},
            "htmx-weak ui html-1 base",
            "ui=domain:tailwind htmx-weak=domain:htmx html-1=expert base=general",
        ),
        ({"htmx": IMPORT}, "html-1 base", "html-1=expert base=general"),
        ({"htmx": IMPORT}, "any-htmx html-1", "any-htmx=domain:htmx html-1=expert"),
    ],
)
def test_experts_of_the_documents_domains_come_first(domains: dict[str, int], installed: str, expected: str) -> None:
    got = chain(CATALOGUE, "html", installed.split(), domains=domains)
    assert " ".join(f"{each.expert}={each.reason}" for each in got.candidates) == expected


def test_only_what_would_have_come_is_skipped() -> None:
    assert "htmx-weak" not in dict(chain(CATALOGUE, "html", []).skipped)
    assert dict(chain(CATALOGUE, "html", [], domains={"htmx": MARK}).skipped)["htmx-weak"] == "not installed"


def test_the_users_choice_stands_before_a_domain_and_a_domain_before_what_was_measured() -> None:
    catalogue = Catalogue(CATALOGUE.entries, {}, preferred={"html": "base"})
    got = chain(catalogue, "html", ALL.split(), chosen="html-1", domains={"tailwind": MARK})
    assert [each.reason for each in got.candidates] == ["chosen", "domain:tailwind", "measured"]


def test_nobody_is_offered_an_expert_for_a_domain() -> None:
    assert default_expert(CATALOGUE, "html") == "html-1"
    assert default_expert(CATALOGUE, "vue") == "base"
