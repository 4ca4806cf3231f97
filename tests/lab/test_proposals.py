"""Which experts are proposed for what a workspace contains."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from lsp_experts.lab.proposals import proposals, sentences
from lsp_experts.lab.survey import Contents
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Domain, Entry, HubSource

HTMX = Domain("htmx", marks=("hx-",))
TRITON = Domain("triton", imports=("triton",))


def entry(name: str, *languages: str, kind: str = "model", **fields: object) -> Entry:
    return Entry(name, kind, languages, "MIT", "", **fields)  # type: ignore[arg-type]


ENTRIES = (
    entry("go-carved", "go", kind="carved", base="base", keep_set="go"),
    entry("go-small", "go", kind="carved", base="base", keep_set="go"),
    entry("ts-cut", "typescript", "typescriptreact", kind="carved", base="base", keep_set="typescript"),
    entry("qml-lora", "qml", kind="adapter", base="seven"),
    entry("f-own", "fortran", non_commercial=True),
    entry("f-guess", "fortran", verified=False),
    entry("htmx-free", "html", domain=HTMX, sources=(HubSource("a/b", "c", size=12_400_000),)),
    entry("htmx-mine", "html", domain=HTMX),
    entry("triton-bad", "python", domain=TRITON, non_commercial=True),
    entry("far", "go", kind="remote"),
    entry("base", "*", size=491_400_064),
    entry("seven", "*"),
)
CATALOGUE = Catalogue(MappingProxyType({each.id: each for each in ENTRIES}), MappingProxyType({"vue": ("html",)}))


def check(
    languages: dict[str, int],
    installed: dict[str, int],
    *expected: str,
    domains: dict[tuple[str, str], int] | None = None,
) -> None:
    found = proposals(Contents(languages, domains or {}), CATALOGUE, installed)
    assert sentences(found) == [each + "." for each in expected]


@pytest.mark.parametrize(
    ("language", "installed", "expected"),
    [
        ("go", {"go-carved": 289_000_000}, "Go (3 files): `go-carved` (MIT, 289 MB) is installed"),
        ("go", {"go-small": 9_000_000, "base": 1}, "Go (3 files): `go-small` (MIT, 9 MB) is installed"),
        ("go", {"base": 1}, "Go (3 files): `go-carved` (MIT) by `lsp-experts carve --language go`"),
        (
            "go",
            {},
            "Go (3 files): `go-carved` (MIT) by `lsp-experts pull base` and then `lsp-experts carve --language go`",
        ),
        (
            "typescriptreact",
            {"base": 1},
            "TypeScript (TSX) (3 files): `ts-cut` (MIT) by `lsp-experts carve --language typescript --id ts-cut`",
        ),
        ("qml", {"base": 1}, "QML (3 files): `qml-lora` (MIT) by `lsp-experts pull seven qml-lora`"),
        ("qml", {"seven": 1}, "QML (3 files): `qml-lora` (MIT) by `lsp-experts pull qml-lora`"),
        ("qml", {"seven": 1, "qml-lora": 40_000_000}, "QML (3 files): `qml-lora` (MIT, 40 MB) is installed"),
        ("yaml", {"base": 491_400_064}, "YAML (3 files): no expert of their own; `base` (MIT, 491 MB) is installed"),
        ("yaml", {}, "YAML (3 files): no expert of their own; `base` (MIT, 491 MB) by `lsp-experts pull base`"),
    ],
)
def test_the_expert_of_a_language(language: str, installed: dict[str, int], expected: str) -> None:
    check({language: 3}, installed, expected)


def test_terms_and_unchecked_sources_are_not_proposed_unasked() -> None:
    terms = "if you agree to its terms: `lsp-experts experts`"
    check(
        {"fortran": 1, "yaml": 2},
        {"base": 491_400_064},
        "Fortran (1 file), YAML (2 files): no expert of their own; `base` (MIT, 491 MB) is installed",
        f"Fortran has `f-own`, {terms}",
        f"Fortran has `f-guess`, {terms}",
    )
    check({"fortran": 1}, {"f-own": 2_000_000, "base": 1}, "Fortran (1 file): `f-own` (MIT, 2 MB) is installed")


@pytest.mark.parametrize(
    ("language", "domain", "installed", "expected"),
    [
        ("html", "htmx", {}, "HTML with htmx (2 files): `htmx-free` (MIT, 12 MB) by `lsp-experts pull htmx-free`"),
        ("html", "htmx", {"htmx-mine": 5_000_000}, "HTML with htmx (2 files): `htmx-mine` (MIT, 5 MB) is installed"),
        ("python", "triton", {}, "Python with triton (2 files): `triton-bad` (MIT) by `lsp-experts pull triton-bad`"),
    ],
)
def test_the_expert_of_a_domain(language: str, domain: str, installed: dict[str, int], expected: str) -> None:
    general = proposals(Contents({language: 5}, {}), CATALOGUE, installed)
    check({language: 5}, installed, expected, *(each.removesuffix(".") for each in sentences(general)),
          domains={(language, domain): 2})  # fmt: skip


def test_nothing_can_be_proposed_without_experts() -> None:
    assert proposals(Contents({"go": 1}, {}), Catalogue({}, {}), {}) == ()
