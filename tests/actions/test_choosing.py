"""Which experts may do an action."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_experts.actions.choosing import able_to_fill, able_to_follow
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.routing.chain import chain

BASE, SMALL = "qwen2.5-coder-0.5b", "smollm2-135m-instruct"
ALL = ("go-carved", BASE, SMALL, "starcoder2-3b")


def check(language: str, installed: tuple[str, ...], *, fill: list[str], code: list[str], prose: list[str]) -> None:
    """Who fills, who follows an instruction about code, who explains; the best first."""
    catalogue = load_catalogue(default_paths())
    route = chain(catalogue, language, installed)
    assert [each.expert for each in able_to_fill(route, catalogue)] == fill
    assert [each.expert for each in able_to_follow(route, catalogue)] == code
    assert [each.expert for each in able_to_follow(route, catalogue, prose=True)] == prose


def test_what_completes_best_explains_no_better() -> None:
    bundled = load_catalogue(default_paths())
    for preferred, code in (("go-carved", ["go-carved", BASE]), (BASE, [BASE, "go-carved"])):
        catalogue = replace(bundled, preferred={"go": preferred})
        route = chain(catalogue, "go", ALL)
        assert [each.expert for each in able_to_follow(route, catalogue)] == code
        assert [each.expert for each in able_to_follow(route, catalogue, prose=True)] == [BASE, "go-carved", SMALL]
    small = replace(bundled, preferred={"go": SMALL})
    able = able_to_follow(chain(small, "go", ALL), small, prose=True)
    assert able[-1].expert == SMALL


@pytest.mark.parametrize(
    ("language", "installed", "fill", "code", "prose"),
    [
        ("go", ALL, ["go-carved", BASE, "starcoder2-3b"], ["go-carved", BASE], [BASE, "go-carved", SMALL]),
        ("ruby", ALL, [BASE, "starcoder2-3b"], [BASE], [BASE, SMALL]),
        ("go", (SMALL,), [], [], [SMALL]),
        ("go", ("starcoder2-3b",), ["starcoder2-3b"], [], []),
        ("go", (), [], [], []),
    ],
)
def test_who_is_able(
    language: str, installed: tuple[str, ...], fill: list[str], code: list[str], prose: list[str]
) -> None:
    check(language, installed, fill=fill, code=code, prose=prose)
