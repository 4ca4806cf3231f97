"""Which remote expert is asked: the chosen one, a domain's, the language's, a general one; only where it may be."""

from __future__ import annotations

import pytest

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Domain, Entry, Remote
from lsp_experts.routing.chain import chain, default_expert
from lsp_experts.routing.remote import remote_choice


def entry(name: str, host: str, *languages: str, domain: str = "") -> Entry:
    remote = Remote(f"https://{host}/v1", name)
    signs = Domain(domain, imports=(domain,)) if domain else None
    return Entry(name, "remote", languages, "MIT", "", fim="qwen", remote=remote, domain=signs)


ENTRIES = (
    entry("any", "a.example", "*"),
    entry("py", "a.example", "python"),
    entry("py-torch", "b.example", "python", domain="torch"),
    entry("py-jax", "b.example", "python", domain="jax"),
    entry("here", "127.0.0.1", "rust"),
)


def ranked(domains: str) -> dict[str, int]:
    """ "name=rank ..." """
    return {name: int(rank) for name, rank in (one.split("=") for one in domains.split())}


CATALOGUE = Catalogue({each.id: each for each in ENTRIES}, {}, preferred={"python": "py"})


@pytest.mark.parametrize(
    ("language", "named", "chosen", "domains", "expert", "skipped"),
    [
        ("python", "a.example", "", "", "py", ""),
        ("python", "a.example b.example", "", "torch=1", "py-torch", ""),
        ("python", "a.example b.example", "", "", "py", ""),
        ("python", "a.example", "", "torch=1", "py", "py-torch"),
        ("python", "a.example b.example", "", "jax=2 torch=1", "py-jax", ""),
        ("python", "a.example b.example", "", "jax=2 torch=4", "py-torch", ""),
        ("python", "a.example", "any", "", "any", ""),
        ("go", "a.example", "", "", "any", ""),
        ("python", "", "", "", None, "py any"),
        ("rust", "", "", "", "here", ""),
    ],
)
def test_choice(language: str, named: str, chosen: str, domains: str, expert: str | None, skipped: str) -> None:
    found = remote_choice(CATALOGUE, language, frozenset(named.split()), chosen=chosen, domains=ranked(domains))
    assert (found.entry.id if found.entry else None) == expert
    assert [name for name, _ in found.skipped] == skipped.split()
    assert all("lsp-experts remote allow" in why for _, why in found.skipped)


def test_no_remote_expert_is_in_a_chain_or_offered() -> None:
    found = chain(CATALOGUE, "python", [each.id for each in ENTRIES], chosen="py")
    assert (found.candidates, found.skipped) == ((), ())
    assert default_expert(CATALOGUE, "python") is None
