"""The fallback chain: expert, related language, general model, interpreter, none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

import pytest

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.routing.chain import chain, default_expert


def entry(name: str, *languages: str, kind: str = "model", **fields: bool | str) -> Entry:
    return Entry(name, kind, languages, "MIT", "", **fields)  # type: ignore[arg-type]


ENTRIES = (
    entry("js-1", "javascript", "javascriptreact"),
    entry("ts-1", "typescript"),
    entry("js-2", "javascript"),
    entry("js-lora", "javascript", kind="adapter", base="base"),
    entry("f90", "fortran", non_commercial=True),
    entry("base", "*"),
    entry("big", "*", non_commercial=True),
    entry("small", "*", interpreter=True),
    entry("smaller", "*", interpreter=True),
)
CATALOGUE = Catalogue(
    MappingProxyType({each.id: each for each in ENTRIES}),
    MappingProxyType({"javascript": ("typescript", "vue"), "vue": ("javascript", "typescript"), "c": ("cpp",)}),
)
ALL = "js-1 ts-1 js-2 js-lora f90 base big small smaller"


def check(
    language: str,
    installed: str,
    candidates: str,
    skipped: str | None = None,
    *,
    chosen: str = "",
    interpreter: str = "auto",
    refused: Collection[str] = (),
) -> None:
    """`candidates` as "expert=reason ...", `skipped` as "expert=why;..."."""
    got = chain(CATALOGUE, language, installed.split(), chosen=chosen, interpreter=interpreter, refused=refused)
    assert " ".join(f"{each.expert}={each.reason}" for each in got.candidates) == candidates
    if skipped is not None:
        assert ";".join(f"{expert}={why}" for expert, why in got.skipped) == skipped


RELATED = "js-1=related:javascript js-2=related:javascript js-lora=related:javascript"
GENERAL = "base=general big=general small=interpreter"


@pytest.mark.parametrize(
    ("language", "installed", "candidates"),
    [
        ("javascript", ALL, f"js-1=expert js-2=expert js-lora=expert ts-1=related:typescript {GENERAL}"),
        ("javascript", "ts-1 small", "ts-1=related:typescript small=interpreter"),
        ("javascript", "smaller", "smaller=interpreter"),
        ("javascript", "js-lora", ""),
        ("javascript", "", ""),
        ("typescript", ALL, f"ts-1=expert {GENERAL}"),
        ("vue", ALL, f"{RELATED} ts-1=related:typescript {GENERAL}"),
        ("javascriptreact", "js-1 js-2 base", "js-1=expert base=general"),
        ("c", "js-1 base", "base=general"),
        ("plaintext", ALL, GENERAL),
        ("*", ALL, GENERAL),
        ("", ALL, GENERAL),
        ("go", "not-in-the-registry", ""),
    ],
)
def test_order(language: str, installed: str, candidates: str) -> None:
    check(language, installed, candidates)


@pytest.mark.parametrize(
    ("chosen", "installed", "candidates", "skipped"),
    [
        ("ts-1", "js-1 ts-1 small", "ts-1=chosen js-1=expert small=interpreter", None),
        ("base", "js-1 base small", "base=chosen js-1=expert small=interpreter", None),
        ("js-2", "js-1 small", "js-1=expert small=interpreter", "js-2=not installed"),
        ("nobody", "js-1", "js-1=expert", "nobody=not in the registry"),
    ],
)
def test_what_the_user_chose_comes_first(chosen: str, installed: str, candidates: str, skipped: str | None) -> None:
    check("javascript", installed, candidates, chosen=chosen)
    skips = chain(CATALOGUE, "javascript", installed.split(), chosen=chosen).skipped
    assert skipped is None or f"{skips[0][0]}={skips[0][1]}" == skipped


def test_skipped_experts_keep_their_reason() -> None:
    check(
        "javascript",
        "js-2 ts-1",
        "js-2=expert",
        "js-1=not installed;js-lora=not installed;ts-1=quarantined;base=not installed;"
        "big=not installed;small=not installed;smaller=not installed",
        refused={"ts-1"},
    )
    check("c", "base", "", "base=died twice;big=not installed", refused={"base": "died twice"}, interpreter="none")


@pytest.mark.parametrize(
    ("installed", "refused", "candidates", "why"),
    [
        ("js-lora base", {}, "js-lora=expert base=general", ""),
        ("js-lora", {}, "", "its base base is not installed"),
        ("base", {}, "base=general", "not installed"),
        ("js-lora base", {"js-lora": "died twice"}, "base=general", "died twice"),
        ("js-lora base", {"base": ""}, "", "its base base: quarantined"),
        ("js-lora base", {"base": "died twice"}, "", "its base base: died twice"),
    ],
)
def test_an_adapter_needs_its_base(installed: str, refused: dict[str, str], candidates: str, why: str) -> None:
    check("javascript", installed, candidates, refused=refused, interpreter="none")
    skipped = dict(chain(CATALOGUE, "javascript", installed.split(), refused=refused).skipped)
    assert skipped.get("js-lora", "") == why


@pytest.mark.parametrize(
    ("interpreter", "candidates", "skipped"),
    [
        ("none", "base=general", "big=not installed"),
        ("auto", "base=general smaller=interpreter", "big=not installed;small=not installed"),
        ("smaller", "base=general smaller=interpreter", "big=not installed"),
        ("small", "base=general", "big=not installed;small=not installed"),
        ("ts-1", "base=general ts-1=interpreter", "big=not installed"),
        ("base", "base=interpreter", "big=not installed"),
        ("typo", "base=general", "big=not installed;typo=not in the registry"),
    ],
)
def test_interpreter(interpreter: str, candidates: str, skipped: str) -> None:
    check("go", "base smaller ts-1", candidates, skipped, interpreter=interpreter)


def test_a_refused_interpreter_gives_way_to_the_next() -> None:
    check("go", "small smaller", "smaller=interpreter", refused=["small"])


@pytest.mark.parametrize(
    ("preferred", "installed", "candidates", "skipped"),
    [
        ("js-2", ALL, f"js-2=measured js-1=expert js-lora=expert ts-1=related:typescript {GENERAL}", ""),
        ("base", "js-1 base small", "base=measured js-1=expert small=interpreter", "js-2=not installed;js-lora=not"),
        ("ts-1", "js-1 ts-1", "ts-1=measured js-1=expert", "js-2=not installed"),
        ("small", "js-1 small", "small=measured js-1=expert", "js-2=not installed"),
        ("f90", "js-1 f90", "f90=measured js-1=expert", "js-2=not installed"),  # no kin, but it was measured
        ("js-lora", "js-1 js-lora", "js-1=expert", "js-lora=its base base is not installed;js-2="),
        ("js-2", "js-1", "js-1=expert", "js-2=not installed;js-lora="),
        ("gone", "js-1 base", "js-1=expert base=general", "gone=not in the registry;js-2="),
    ],
)
def test_what_was_measured_to_be_better_comes_first(
    preferred: str, installed: str, candidates: str, skipped: str
) -> None:
    catalogue = replace(CATALOGUE, preferred={"javascript": preferred})
    got = chain(catalogue, "javascript", installed.split())
    assert " ".join(f"{each.expert}={each.reason}" for each in got.candidates) == candidates
    assert ";".join(f"{expert}={why}" for expert, why in got.skipped).startswith(skipped)
    assert chain(catalogue, "typescript", installed.split()) == chain(CATALOGUE, "typescript", installed.split())


@pytest.mark.parametrize(
    ("language", "expected"),
    [("javascript", "js-1"), ("vue", "js-1"), ("fortran", "base"), ("go", "base"), ("", "base")],
)
def test_default(language: str, expected: str) -> None:
    assert default_expert(CATALOGUE, language) == expected


def test_no_default() -> None:
    only = {each.id: each for each in ENTRIES if each.non_commercial or each.interpreter or each.kind == "adapter"}
    assert default_expert(Catalogue(MappingProxyType(only), MappingProxyType({})), "javascript") is None
