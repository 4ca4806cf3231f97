"""The catalogue: every expert the registry knows, in order of preference, after the user's overlay was laid over it.

A file is read strictly (document.py), checked against the schema (schema.py) and the rules (rules.py), then parsed.
Among the experts of one language the first one is the default. What an overlay adds stands before what is bundled;
what it replaces keeps its place.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lsp_experts.errors import RegistryError, UnknownExpert
from lsp_experts.paths import Paths, bundled_registry
from lsp_experts.registry.document import read_document
from lsp_experts.registry.entry import (
    Domain,
    Entry,
    FileSource,
    HubSource,
    Measured,
    Remote,
    Source,
    UrlSource,
    WheelMember,
    WheelSource,
)
from lsp_experts.registry.rules import rule_problems
from lsp_experts.registry.schema import schema_problems


@dataclass(frozen=True)
class Catalogue:
    """Experts by id in registry order, related languages, and what was wrong with the overlay.

    `confidence`, `review`: what the file says of experts beside their entries; `entries` have it already, where they
    are known. `measured` by language and expert; `preferred`: the expert that a language's chain starts with.
    """

    entries: Mapping[str, Entry]
    related: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)
    review: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, Measured]] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)

    def get(self, expert_id: str) -> Entry:
        """The entry with this id; UnknownExpert, with ids that are near, if there is none."""
        entry = self.entries.get(expert_id)
        if entry is not None:
            return entry
        near = self._near(expert_id.strip().lower())
        remedy = f"Did you mean {', '.join(near)}?" if near else "`lsp-experts experts` lists the known ones."
        raise UnknownExpert(f"There is no expert {expert_id!r:.80}.", remedy=remedy)

    def chat_of(self, expert_id: str) -> str:
        """The chat format of an expert, "none" if it does not follow instructions: its own, else that of its base."""
        entry = self.get(expert_id)
        if entry.chat or entry.base is None:
            return entry.chat or "none"
        return self.chat_of(entry.base) if entry.base in self.entries else "none"

    def _near(self, wanted: str) -> list[str]:
        by_language = [entry.id for entry in self.entries.values() if wanted in entry.languages]
        by_part = [name for name in self.entries if len(wanted) >= 3 and wanted in name]
        by_spelling = difflib.get_close_matches(wanted, self.entries, n=3, cutoff=0.6)
        return list(dict.fromkeys((*by_language, *by_part, *by_spelling)))[:3]


def load_registry(file: Path, *, beside: Catalogue | None = None) -> Catalogue:
    """The registry in `file`, checked; RegistryError names the first problem. `beside`: what it is an overlay of."""
    document = read_document(file)
    problems = _problems(file, document, beside)
    if problems:
        raise problems[0]
    return _catalogue(document)


def registry_problems(file: Path, *, beside: Catalogue | None = None) -> tuple[RegistryError, ...]:
    """Every problem of the registry in `file`, ordered by path; empty if there is none."""
    try:
        return _problems(file, read_document(file), beside)
    except RegistryError as error:
        return (error,)


def load_catalogue(paths: Paths) -> Catalogue:
    """The bundled registry with the user's overlay over it; a bad overlay is left out and named in `problems`."""
    bundled = _load_bundled(bundled_registry())
    try:
        return _with_overlay(bundled, paths)
    except RegistryError as error:
        sentence = f"Your own registry is left out, the bundled one serves: {error}"
        return replace(bundled, problems=(sentence,))


def load_sound_catalogue(paths: Paths) -> Catalogue:
    """As load_catalogue, for who is about to write into the user's overlay: RegistryError for a bad one."""
    return _with_overlay(_load_bundled(bundled_registry()), paths)


def _with_overlay(bundled: Catalogue, paths: Paths) -> Catalogue:
    if not os.path.lexists(paths.overlay):
        return bundled
    return overlaid(bundled, load_registry(paths.overlay, beside=bundled))


def overlaid(below: Catalogue, above: Catalogue) -> Catalogue:
    """`above` over `below`: entries replace by id in place, new ones come first.

    `related`, `measured` and `preferred` are replaced per language. What `above` has of `confidence` and `review` holds
    for the entries of both; an id that neither knows is no problem.
    """
    added = {name: entry for name, entry in above.entries.items() if name not in below.entries}
    kept = {name: above.entries.get(name, entry) for name, entry in below.entries.items()}
    return Catalogue(
        _fitted(added | kept, above.confidence, above.review),
        MappingProxyType({**below.related, **above.related}),
        (*below.problems, *above.problems),
        MappingProxyType({**below.confidence, **above.confidence}),
        MappingProxyType({**below.review, **above.review}),
        MappingProxyType({**below.measured, **above.measured}),
        MappingProxyType({**below.preferred, **above.preferred}),
    )


def _fitted(
    entries: Mapping[str, Entry], confidence: Mapping[str, float], review: Mapping[str, float]
) -> Mapping[str, Entry]:
    fitted = dict(entries)
    for name in (confidence.keys() | review.keys()) & entries.keys():
        entry = entries[name]
        fitted[name] = replace(
            entry, confidence=confidence.get(name, entry.confidence), review=review.get(name, entry.review)
        )
    return MappingProxyType(fitted)


def _load_bundled(file: Path) -> Catalogue:
    document = read_document(file)
    try:
        return _catalogue(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The tests check this file, so the schema is asked only about one that was changed since.
        problems = _problems(file, document, None)
        raise problems[0] if problems else RegistryError(file, "$", f"it cannot be used: {error}") from error


def _problems(file: Path, document: object, beside: Catalogue | None) -> tuple[RegistryError, ...]:
    found = list(schema_problems(document))
    if not found and isinstance(document, dict):
        others = {} if beside is None else {name: (entry.kind, entry.base) for name, entry in beside.entries.items()}
        found = list(rule_problems(document, others))
    return tuple(RegistryError(file, each.json_path, each.problem, remedy=each.remedy) for each in found)


def _catalogue(document: Any) -> Catalogue:
    entries = {raw["id"]: _entry(raw) for raw in document["experts"]}
    related = {language: tuple(others) for language, others in document.get("related", {}).items()}
    confidence, review = (
        MappingProxyType({name: float(value) for name, value in document.get(section, {}).items()})
        for section in ("confidence", "review")
    )
    return Catalogue(
        _fitted(entries, confidence, review),
        MappingProxyType(related),
        confidence=confidence,
        review=review,
        measured=MappingProxyType(
            {
                language: MappingProxyType({name: Measured(**row) for name, row in rows.items()})
                for language, rows in document.get("measured", {}).items()
            }
        ),
        preferred=MappingProxyType(dict(document.get("preferred", {}))),
    )


def _entry(raw: Mapping[str, Any]) -> Entry:
    lists = {name: tuple(raw[name]) for name in ("languages", "patterns") if name in raw}
    sources = tuple(_source(source) for source in raw.get("sources", ()))
    fitted = {name: float(raw[name]) for name in ("confidence", "review") if name in raw}
    parts: dict[str, Any] = {}
    if "remote" in raw:
        parts["remote"] = Remote(**raw["remote"])
    if "domain" in raw:
        signs = {sign: tuple(texts) for sign, texts in raw["domain"].items() if sign != "name"}
        parts["domain"] = Domain(raw["domain"]["name"], **signs)
    return Entry(**{**raw, **lists, "sources": sources, **fitted, **parts})


def _source(raw: Mapping[str, Any]) -> Source:
    fields = {name: value for name, value in raw.items() if name != "type"}
    match raw["type"]:
        case "hub":
            return HubSource(**fields)
        case "wheel":
            return WheelSource(**{**fields, "members": tuple(WheelMember(**member) for member in raw["members"])})
        case "file":
            return FileSource(**fields)
        case "url":
            return UrlSource(**fields)
    raise ValueError(f"no source is of type {raw['type']!r}")
