"""Which expert serves a language, and which one stands in for it. Pure: no clock, no IO."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry

AUTO = "auto"
NONE = "none"
_NO_DOMAINS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Candidate:
    """An installed expert.

    `reason` is "chosen", "domain:<name>", "measured", "expert", "related:<language>", "general" or "interpreter".
    """

    expert: str
    reason: str


@dataclass(frozen=True)
class Chain:
    """Candidates, the best first; `skipped` holds (expert id, why) for those that would have come in between."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[tuple[str, str], ...]


def chain(
    catalogue: Catalogue,
    language: str,
    installed: Collection[str],
    *,
    chosen: str = "",
    interpreter: str = AUTO,
    refused: Collection[str] = (),
    domains: Mapping[str, int] = _NO_DOMAINS,
) -> Chain:
    """The experts for `language`: the one the user chose, those for a domain of the document, the one preferred in the
    language, its own, those of related languages, the general ones, the interpreter.

    `chosen` is an expert id or "". `interpreter` is an expert id, "auto" (the first installed entry marked as one) or
    "none".
    `refused` experts are skipped as "quarantined", or with their reason where a mapping gives one. An adapter needs its
    base: it is skipped where that is not installed or refused. `domains` are the document's, with the rank of each
    (routing/domains.py): the highest comes first.
    """
    candidates: list[Candidate] = []
    skipped: dict[str, str] = {}
    taken: set[str] = set()

    def consider(expert: str, reason: str) -> bool:
        if expert in taken:
            return True
        if expert in catalogue.entries and catalogue.entries[expert].kind == "remote":
            return False  # routing/remote.py says who is asked elsewhere
        why = _unusable(catalogue, expert, installed, refused)
        if why:
            skipped.setdefault(expert, why)
            return False
        taken.add(expert)
        candidates.append(Candidate(expert, reason))
        return True

    if chosen:
        consider(chosen, "chosen")
    for entry, reason in _by_domain(catalogue, language, domains):
        consider(entry.id, reason)
    if language in catalogue.preferred:
        consider(catalogue.preferred[language], "measured")
    for entry, reason in _by_language(catalogue, language):
        consider(entry.id, "interpreter" if entry.id == interpreter and reason == "general" else reason)
    for expert in _interpreters(catalogue, interpreter):
        if consider(expert, "interpreter"):
            break
    return Chain(tuple(candidates), tuple(skipped.items()))


def default_expert(catalogue: Catalogue, language: str) -> str | None:
    """The expert to offer for `language` to someone who has none: never a non-commercial one; None if there is none."""
    for entry, _ in _by_language(catalogue, language):
        if entry.kind != "adapter" and not entry.non_commercial:
            return entry.id
    return None


def _by_domain(catalogue: Catalogue, language: str, domains: Mapping[str, int]) -> Iterator[tuple[Entry, str]]:
    found = [
        (domains[entry.domain.name], language in entry.languages, entry, f"domain:{entry.domain.name}")
        for entry in catalogue.entries.values()
        if entry.domain is not None and entry.domain.name in domains and {language, "*"} & set(entry.languages)
    ]
    # Stable: among equals the registry's order counts.
    for _, _, entry, reason in sorted(found, key=lambda each: each[:2], reverse=True):
        yield entry, reason


def _by_language(catalogue: Catalogue, language: str) -> Iterator[tuple[Entry, str]]:
    here = [entry for entry in catalogue.entries.values() if entry.kind != "remote" and entry.domain is None]
    named = [entry for entry in here if "*" not in entry.languages]
    yield from ((entry, "expert") for entry in named if language in entry.languages)
    for relative in catalogue.related.get(language, ()):
        yield from ((entry, f"related:{relative}") for entry in named if relative in entry.languages)
    for entry in here:
        if "*" in entry.languages and not entry.interpreter:
            yield entry, "general"


def _interpreters(catalogue: Catalogue, interpreter: str) -> list[str]:
    if interpreter == NONE:
        return []
    if interpreter != AUTO:
        return [interpreter]
    return [entry.id for entry in catalogue.entries.values() if entry.interpreter]


def _unusable(catalogue: Catalogue, expert: str, installed: Collection[str], refused: Collection[str]) -> str:
    entry = catalogue.entries.get(expert)
    if entry is None:
        return "not in the registry"
    if expert not in installed:
        return "not installed"
    if expert in refused:
        return _refusal(expert, refused)
    base = entry.base if entry.kind == "adapter" else None
    if base is not None and base not in installed:
        return f"its base {base} is not installed"
    if base is not None and base in refused:
        return f"its base {base}: {_refusal(base, refused)}"
    return ""


def _refusal(expert: str, refused: Collection[str]) -> str:
    why = refused.get(expert, "") if isinstance(refused, Mapping) else ""
    return why or "quarantined"
