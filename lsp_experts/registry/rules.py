"""What a registry must keep to and a JSON Schema cannot say: references, safe file names, safe addresses.

Works on a document that the schema has accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from lsp_experts.registry.document import child
from lsp_experts.registry.endpoint import address_parts, host_of, is_number, unsafe_endpoint
from lsp_experts.registry.schema import Problem

_BASE_KINDS = {"carved": ("model",), "adapter": ("model", "carved")}


def rule_problems(document: Mapping[str, Any], beside: Mapping[str, tuple[str, str | None]]) -> Iterator[Problem]:
    """Every broken rule in document order. `beside`: kind and base of each expert in the registry this one overlays."""
    experts: list[dict[str, Any]] = document["experts"]
    first: dict[str, int] = {}
    for index, expert in enumerate(experts):
        path = f"$.experts[{index}]"
        if expert["id"] in first:
            problem = f"the id {expert['id']} is used before, at $.experts[{first[expert['id']]}]"
            yield Problem(f"{path}.id", problem, "Give one of the two another id.")
        first.setdefault(expert["id"], index)
        yield from _languages(path, expert)
        yield from _kind(path, expert)
        yield from _remote(path, expert)
        for number, source in enumerate(expert.get("sources", ())):
            yield from _source(f"{path}.sources[{number}]", source)
    yield from _bases(experts, first, beside)
    for language, relatives in document.get("related", {}).items():
        if language in relatives:
            problem = f"{language} is called its own relative"
            yield Problem(child("$.related", language), problem, "Take it out of its list.")
        yield from _twice(child("$.related", language), relatives)


def _twice(path: str, items: Sequence[str]) -> Iterator[Problem]:
    for index, item in enumerate(items):
        if item in items[:index]:
            yield Problem(f"{path}[{index}]", f"{item} stands in the list twice", "Keep one of the two.")


def _languages(path: str, expert: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("languages", "patterns"):
        yield from _twice(f"{path}.{name}", expert.get(name, ()))
    general = "*" in expert["languages"]
    if general and len(expert["languages"]) > 1:
        yield Problem(f"{path}.languages", "* stands for every language and must stand alone", 'Write ["*"].')
    if expert.get("interpreter") and not general:
        problem = 'an interpreter answers in every language, so its languages must be ["*"]'
        yield Problem(f"{path}.interpreter", problem, "Change the languages, or take interpreter out.")
    if general and expert.get("patterns"):
        yield Problem(f"{path}.patterns", "a general model has no file name patterns", "Take patterns out.")


def _kind(path: str, expert: Mapping[str, Any]) -> Iterator[Problem]:
    kind = expert["kind"]
    if kind == "model":
        if not expert.get("sources"):
            problem = "an expert of kind model needs at least one source"
            yield Problem(f"{path}.sources", problem, "For example a hub file.")
        if "base" in expert:
            yield Problem(f"{path}.base", "an expert of kind model has no base", "Take base out.")
    elif kind == "remote":
        for name in ("sources", "base"):
            if name in expert:
                yield Problem(f"{path}.{name}", f"an expert of kind remote has no {name}", f"Take {name} out.")
    elif "base" not in expert:
        yield Problem(f"{path}.base", f"an expert of kind {kind} needs a base", "Give the id of the base.")
    if kind == "carved" and "keep_set" not in expert:
        yield Problem(f"{path}.keep_set", "an expert of kind carved needs a keep_set", "For example: go.")
    if kind != "carved" and "keep_set" in expert:
        yield Problem(f"{path}.keep_set", "only an expert of kind carved has a keep_set", "Take keep_set out.")


def _remote(path: str, expert: Mapping[str, Any]) -> Iterator[Problem]:
    if expert["kind"] != "remote":
        if "remote" in expert:
            yield Problem(f"{path}.remote", "only an expert of kind remote has an endpoint", "Take remote out.")
        return
    if "remote" not in expert:
        example = '{"endpoint": "http://127.0.0.1:8080/v1", "model": "qwen2.5-coder-7b"}'
        yield Problem(f"{path}.remote", "an expert of kind remote needs an endpoint", f"For example: {example}.")
    elif problem := unsafe_endpoint(expert["remote"]["endpoint"]):
        yield Problem(f"{path}.remote.endpoint", problem, "For example: https://models.example.org/v1.")
    if expert.get("fim", "auto") == "auto":
        problem = "nobody can ask a remote model which template it was trained with"
        yield Problem(f"{path}.fim", problem, "Name its template, for example qwen, or none.")
    if expert.get("interpreter"):
        yield Problem(f"{path}.interpreter", "a remote expert is never pinned in memory", "Take interpreter out.")


def _bases(
    experts: list[dict[str, Any]], first: Mapping[str, int], beside: Mapping[str, tuple[str, str | None]]
) -> Iterator[Problem]:
    kinds = {name: kind for name, (kind, _) in beside.items()} | {expert["id"]: expert["kind"] for expert in experts}
    for index, expert in enumerate(experts):
        base, wanted = expert.get("base"), _BASE_KINDS.get(expert["kind"], ())
        if base is None or not wanted:
            continue
        if base not in kinds:
            problem = f"there is no expert {base} to be the base"
            yield Problem(f"$.experts[{index}].base", problem, "Add an entry for it, or correct the id.")
        elif kinds[base] not in wanted:
            problem = f"{base} is of kind {kinds[base]} and cannot be the base of a {expert['kind']} expert"
            yield Problem(f"$.experts[{index}].base", problem, f"A base is of kind {' or '.join(wanted)}.")
    for name, (kind, base) in beside.items():
        # This file replaces an expert that others in the registry beside it are made from.
        wanted = _BASE_KINDS.get(kind, ())
        if base is not None and base in first and name not in first and wanted and kinds[base] not in wanted:
            problem = f"{name} is made from {base}, which therefore must stay of kind model"
            yield Problem(f"$.experts[{first[base]}].kind", problem, "Use another id for this entry.")


def _source(path: str, source: Mapping[str, Any]) -> Iterator[Problem]:
    if source["type"] == "hub":
        yield from _name(f"{path}.file", source["file"])
    elif source["type"] == "wheel":
        for number, member in enumerate(source["members"]):
            yield from _name(f"{path}.members[{number}].member", member["member"])
    elif source["type"] == "url":
        problem = unsafe_address(source["url"])
        if problem:
            yield Problem(f"{path}.url", problem, "For example: https://example.org/model.gguf.")
    elif not _is_whole_path(source["path"]):
        yield Problem(f"{path}.path", "the path is not whole", "Write it from the root of the drive on, without ..")


def _name(path: str, name: str) -> Iterator[Problem]:
    problem = unsafe_name(name)
    if problem:
        yield Problem(path, problem, "Write the name as it stands below the source's root, with / between folders.")


def unsafe_name(name: str) -> str:
    """Why `name` may not name a file inside a repository or a wheel; empty if it may."""
    odd = next((character for character in name if character in '\\:%*?"<>|'), None)
    if odd is not None:
        return f"a file name may not hold {odd}"
    if name.startswith("/"):
        return "a file name may not start at the root"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return f"a file name may not hold the folder {part or '(empty)'}"
        if part[-1] in ". " or part[0] == " ":
            return f"the part {part!r} ends in a dot, or starts or ends in a blank"
        if len(part.encode()) > 255:
            return "a part of the file name is longer than 255 bytes"
    return ""


def unsafe_address(url: str) -> str:
    """Why a model may not be fetched from `url`; empty if it may. Only https, a host name, and no user name."""
    parts = address_parts(url, ("https",))
    if isinstance(parts, str):
        return parts
    host = host_of(url)
    if is_number(host):
        return "the address names a machine by number, a host name is needed"
    if host.rpartition(".")[2] == "localhost":
        return "the address names this machine, use a source of type file"
    if parts.fragment:
        return "the address has a part after #"
    return ""


def _is_whole_path(path: str) -> bool:
    if path.startswith("~/"):
        path = path[1:]
    for flavour in (PurePosixPath(path), PureWindowsPath(path)):
        if flavour.is_absolute() and ".." not in flavour.parts:
            return True
    return False
