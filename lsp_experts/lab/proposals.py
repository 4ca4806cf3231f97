"""Which expert suits each language and domain of a workspace: an installed one, else what to fetch or make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lsp_experts.lab.survey import Contents
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.routing.chain import NONE, chain, default_expert
from lsp_experts.syntax.language_names import language_name

_OWN = ("expert", "measured")


@dataclass(frozen=True)
class Proposal:
    """The best expert for `files` files of a language, or of a domain of it ("": all of them).

    `commands` install it; none where it is. `bytes` are those of its file, None if the registry does not know them.
    `general`: it is not made for the language. `others`: experts that are, and that nobody proposes unasked, because of
    their licence or because nobody checked their source.
    """

    language: str
    domain: str
    files: int
    expert: str
    state: Literal["installed", "pull", "carve"]
    commands: tuple[str, ...]
    licence: str
    bytes: int | None
    general: bool = False
    others: tuple[str, ...] = ()


def proposals(contents: Contents, catalogue: Catalogue, installed: Mapping[str, int]) -> tuple[Proposal, ...]:
    """One for each language and each domain, the most files first. `installed`: bytes by expert id."""
    found = []
    for language, files in contents.languages.items():
        best = _for_language(catalogue, language, files, installed)
        found += [best] if best is not None else []
        for (within, domain), count in contents.domains.items():
            if within == language:
                found.append(_for_domain(catalogue, language, domain, count, installed))
    return tuple(found)


def sentences(found: tuple[Proposal, ...]) -> list[str]:
    """One for each proposal; languages without an expert of their own share one for the expert that answers."""
    said = [_sentence(each) for each in found if not each.general]
    for expert in dict.fromkeys(each.expert for each in found if each.general):
        same = [each for each in found if each.general and each.expert == expert]
        names = ", ".join(_subject(each) for each in same)
        said.append(f"{names}: no expert of their own; {_how(same[0])}.")
        said += [
            f"{language_name(each.language)} has `{other}`, if you agree to its terms: `lsp-experts experts`."
            for each in same
            for other in each.others
        ]
    return said


def _for_language(catalogue: Catalogue, language: str, files: int, installed: Mapping[str, int]) -> Proposal | None:
    here = chain(catalogue, language, installed.keys(), interpreter=NONE).candidates[:1]
    local = [each for each in catalogue.entries.values() if each.kind != "remote"]
    own = [each for each in local if language in each.languages and each.domain is None]
    if here and here[0].reason in _OWN:
        return _proposal(catalogue, here[0].expert, language, "", files, installed)
    free = next((each.id for each in own if _free(each)), "")
    if free:
        return _proposal(catalogue, free, language, "", files, installed)
    best = here[0].expert if here else default_expert(catalogue, language)
    others = tuple(each.id for each in own)
    return _proposal(catalogue, best, language, "", files, installed, True, others) if best is not None else None


def _for_domain(catalogue: Catalogue, language: str, domain: str, files: int, installed: Mapping[str, int]) -> Proposal:
    made = [
        each
        for each in catalogue.entries.values()
        if each.domain is not None
        and each.domain.name == domain
        and each.kind != "remote"
        and {language, "*"} & set(each.languages)
    ]
    best = max(made, key=lambda each: (each.id in installed, _free(each)))  # of equals the registry's first
    return _proposal(catalogue, best.id, language, domain, files, installed)


def _free(entry: Entry) -> bool:
    return entry.verified and not entry.non_commercial


def _proposal(
    catalogue: Catalogue,
    expert: str,
    language: str,
    domain: str,
    files: int,
    installed: Mapping[str, int],
    general: bool = False,
    others: tuple[str, ...] = (),
) -> Proposal:
    entry = catalogue.get(expert)
    if expert in installed:
        size: int | None = installed[expert]
        return Proposal(language, domain, files, expert, "installed", (), entry.licence, size, general, others)
    missing = [entry.base] if entry.base is not None and entry.base not in installed else []
    if entry.kind == "carved":
        pulls = [f"lsp-experts pull {' '.join(missing)}"] if missing else []
        name = "" if expert == f"{entry.languages[0]}-carved" else f" --id {expert}"
        commands = (*pulls, f"lsp-experts carve --language {entry.languages[0]}{name}")
        return Proposal(language, domain, files, expert, "carve", commands, entry.licence, None, general, others)
    commands = (f"lsp-experts pull {' '.join((*missing, expert))}",)
    size = next((each for each in (entry.size, *(source.size for source in entry.sources)) if each), None)
    return Proposal(language, domain, files, expert, "pull", commands, entry.licence, size, general, others)


def _sentence(each: Proposal) -> str:
    return f"{_subject(each)}: {_how(each)}."


def _subject(each: Proposal) -> str:
    domain = f" with {each.domain}" if each.domain else ""
    return f"{language_name(each.language)}{domain} ({each.files} {'file' if each.files == 1 else 'files'})"


def _how(each: Proposal) -> str:
    size = f", {each.bytes / 1e6:,.0f} MB" if each.bytes else ""
    terms = f"`{each.expert}` ({each.licence}{size})"
    if each.state == "installed":
        return f"{terms} is installed"
    return f"{terms} by {' and then '.join(f'`{command}`' for command in each.commands)}"
