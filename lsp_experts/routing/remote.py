"""Which remote expert is asked beside the local ones, and why another one is not. Pure: no clock, no IO."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.endpoint import host_of
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.named_hosts import is_named


@dataclass(frozen=True)
class RemoteChoice:
    """The remote expert of a language, None if there is none; `skipped` holds (expert id, why)."""

    entry: Entry | None = None
    skipped: tuple[tuple[str, str], ...] = ()


def remote_choice(
    catalogue: Catalogue, language: str, named: frozenset[str], *, chosen: str = "", domains: Collection[str] = ()
) -> RemoteChoice:
    """The first remote expert for `language` whose host the user named: the chosen one, one for a domain of the
    document, one for the language, a general one.
    """
    skipped: list[tuple[str, str]] = []
    for entry in _in_order(catalogue, language, chosen, domains):
        host = host_of(entry.remote.endpoint) if entry.remote is not None else ""
        if is_named(host, named):
            return RemoteChoice(entry, tuple(skipped))
        skipped.append((entry.id, f"nothing is sent to {host}: `lsp-experts remote allow {host}` would"))
    return RemoteChoice(None, tuple(skipped))


def _in_order(catalogue: Catalogue, language: str, chosen: str, domains: Collection[str]) -> Iterator[Entry]:
    remote = [entry for entry in catalogue.entries.values() if entry.kind == "remote"]
    fitting = [entry for entry in remote if {language, "*"} & set(entry.languages)]
    fitting = [entry for entry in fitting if entry.domain is None or entry.domain.name in domains]
    # Stable: within each rank the registry's order counts.
    yield from sorted(
        fitting, key=lambda entry: (entry.id != chosen, entry.domain is None, language not in entry.languages)
    )
