"""What an evaluation says to the registry, and which experts a workspace's evaluation compares."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from made_up_evaluation import contestant, evaluation, outcome

from lsp_experts.lab.evaluation.measured import gate_fits, measured_rows, recommendations
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.evaluation.workspace import field_of
from lsp_experts.lab.gate_fit import LEAST_ANSWERS
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry, Kind

BASE, CARVED = contestant("base", megabytes=500), contestant("go-carved", megabytes=300, made_of="base")


def entry(name: str, *languages: str, kind: Kind = "model", base: str | None = None) -> Entry:
    return Entry(name, kind, languages, "MIT", "", base=base)


ENTRIES = (
    entry("go-carved", "go", kind="carved", base="base"),
    entry("ts", "typescript"),
    entry("js", "javascript", kind="carved", base="base"),
    entry("base", "*"),
    entry("big", "*"),
    replace(entry("small", "*"), interpreter=True),
)
CATALOGUE = Catalogue(
    MappingProxyType({each.id: each for each in ENTRIES}), MappingProxyType({"javascript": ("typescript",)})
)


def test_rows_are_beside_the_baseline() -> None:
    found = evaluation({CARVED: lambda number: number % 2 == 0, BASE: lambda number: number % 4 == 0})
    rows = measured_rows(found, "go", "2026-01-31")
    base, carved = rows["base"], rows["go-carved"]
    assert (base.exact, base.low, base.high, base.against) == (0, 0, 0, "base")
    assert (carved.exact, carved.against, carved.cases, carved.files) == (25, "base", 200, 50)
    assert carved.low < 25 < carved.high
    assert (carved.sha256, carved.resident_bytes) == (CARVED.sha256, CARVED.resident_bytes)
    assert carved.date == "2026-01-31"
    assert measured_rows(found, "html", "2026-01-31") == {}


def test_gates_count_an_expert_s_own_languages() -> None:
    def found(language: str, cases: int) -> Evaluation:
        return evaluation({CARVED: lambda number: True, BASE: lambda number: True}, cases, language=language)

    enough = LEAST_ANSWERS
    assert set(gate_fits([found("go", enough)], CATALOGUE)) == {"go-carved", "base"}
    assert set(gate_fits([found("html", enough)], CATALOGUE)) == {"base"}
    assert gate_fits([found("go", enough - 1)], CATALOGUE) == {}
    assert set(gate_fits([found("go", enough - 1), found("html", 1)], CATALOGUE)) == {"base"}


def test_a_gate_is_above_what_is_wrong() -> None:
    outcomes = tuple(outcome("base", number, exact=number % 2 == 0) for number in range(LEAST_ANSWERS * 2))
    (gate,) = gate_fits([Evaluation((BASE,), outcomes, len(outcomes), len(outcomes), "")], CATALOGUE).values()
    assert 0.1 < gate.gate <= 0.9


def test_only_what_could_be_used_is_recommended() -> None:
    rows = measured_rows(
        evaluation({BASE: lambda number: number % 4 == 0, CARVED: lambda number: number % 2 == 0}), "go", "2026-01-31"
    )
    both = {"base": BASE.sha256, "go-carved": CARVED.sha256}
    preferring = replace(CATALOGUE, preferred={"go": "base"})
    (said,) = recommendations(preferring, both, {"go": rows})
    assert (said.expert, said.current) == ("go-carved", "base")
    (carved_again,) = recommendations(preferring, both | {"go-carved": "c" * 64}, {"go": rows})
    assert not carved_again.changes
    (removed,) = recommendations(preferring, {"base": BASE.sha256}, {"go": rows})
    assert (removed.expert, removed.changes) == ("base", False)
    (nothing,) = recommendations(preferring, {}, {"go": rows})
    assert (nothing.expert, nothing.changes) == ("", False)


@pytest.mark.parametrize(
    ("language", "installed", "field"),
    [
        ("go", "go-carved base big small", "go-carved base"),
        ("go", "go-carved small", "go-carved"),
        ("go", "base big", "base"),
        ("javascript", "js ts base", "js base"),
        ("javascript", "ts big", "ts big"),
        ("rust", "go-carved big base", "base"),
        ("rust", "go-carved small", ""),
    ],
)
def test_who_is_compared(language: str, installed: str, field: str) -> None:
    names = dict.fromkeys(installed.split())
    assert field_of(CATALOGUE, language, names) == tuple(field.split())
    preferring = replace(CATALOGUE, preferred={language: "big"})
    assert field_of(preferring, language, names) == tuple(field.split())
