"""Which remote expert is asked beside the local ones, and why another one is not. Pure: no clock, no IO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.endpoint import host_of
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.named_hosts import is_named

_NO_DOMAINS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class RemoteChoice:
    """The remote expert of a language, None if there is none; `skipped` holds (expert id, why)."""

    entry: Entry | None = None
    skipped: tuple[tuple[str, str], ...] = ()


def remote_choice(
    catalogue: Catalogue,
    language: str,
    named: frozenset[str],
    *,
    chosen: str = "",
    domains: Mapping[str, int] = _NO_DOMAINS,
) -> RemoteChoice:
    """The first remote expert for `language` whose host the user named: the chosen one, one for a domain of the
    document (routing/domains.py) by its rank, one for the language, a general one.
    """
    skipped: list[tuple[str, str]] = []
    for entry in _in_order(catalogue, language, chosen, domains):
        host = host_of(entry.remote.endpoint) if entry.remote is not None else ""
        if is_named(host, named):
            return RemoteChoice(entry, tuple(skipped))
        skipped.append((entry.id, f"nothing is sent to {host}: `lsp-experts remote allow {host}` would"))
    return RemoteChoice(None, tuple(skipped))


def _in_order(catalogue: Catalogue, language: str, chosen: str, domains: Mapping[str, int]) -> Iterator[Entry]:
    remote = [entry for entry in catalogue.entries.values() if entry.kind == "remote"]
    fitting = [entry for entry in remote if {language, "*"} & set(entry.languages)]
    fitting = [entry for entry in fitting if entry.domain is None or entry.domain.name in domains]

    def place(entry: Entry) -> tuple[bool, int, bool]:
        rank = domains[entry.domain.name] if entry.domain is not None else 0
        return entry.id != chosen, -rank, language not in entry.languages

    yield from sorted(fitting, key=place)  # stable: among equals the registry's order counts
