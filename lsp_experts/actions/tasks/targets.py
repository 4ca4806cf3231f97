"""The files that a task may be about: the open documents, those that the instruction names, those it wants made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from lsp_experts.actions.files import Files
from lsp_experts.actions.tasks.clauses import file_names
from lsp_experts.actions.tasks.split import Target
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.shown_path import short_path
from lsp_experts.errors import ActionRefused
from lsp_experts.routing.languages import file_name, language_named
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.tree import SyntaxTree

MAX_TARGETS = 8
_MAKING = (
    r"\b(?:create|generate|write|make|add|new)\s+(?:(?:an?|the|new|empty|small|simple|page|sheet|stylesheet|style|script"
    r"|module|test|\w+\s+file|files?|called|named|and)\s+)*[`\"']?(?:[\w.-]+/)*"
)
_NO_LANGUAGE = "plaintext"


async def find_targets(instruction: str, current: DocumentView, files: Files) -> tuple[Target, ...]:
    """The named files first, then open documents, the one used last first; at most MAX_TARGETS beside the named ones.

    ActionRefused where a name may mean several files, and more are named than a task can have.
    """
    opened = {view.uri: view for view in (current, *files.open())}
    found: dict[str, Target] = {}
    for name in file_names(instruction):
        target = await _named(name, instruction, current, opened, files)
        if target is not None:
            found.setdefault(target.uri, target)
    if len(found) > MAX_TARGETS:
        raise ActionRefused(
            f"The task names {len(found)} files; {MAX_TARGETS} are the most.", remedy="Split it in two."
        )
    for view in opened.values():
        if len(found) >= MAX_TARGETS and view.uri != current.uri:
            continue
        found.setdefault(view.uri, _target(view, files))
    return tuple(found.values())


def tree_of(uri: str, language: str, text: str) -> SyntaxTree:
    """A tree by the file's own grammar: a component or TSX is not read as the language that serves it."""
    own = language_named(file_name(uri).rpartition(".")[2])
    return SyntaxTree(own if own in ("vue", "svelte", "astro", "typescriptreact") else language, text)


async def _named(
    name: str, instruction: str, current: DocumentView, opened: dict[str, DocumentView], files: Files
) -> Target | None:
    """The file that is meant, None if it is no file's name."""
    meant = await files.named(name)
    uri = _the_one(name, meant, current, opened, files)
    if uri:
        try:
            return _target(opened.get(uri) or await files.read(uri), files, named=True)
        except ActionRefused as error:
            return Target(uri, _path(uri, files), files.language_of(uri), named=True, refused=error.message)
    uri = _new_uri(name, current, files)
    language = files.language_of(uri) if uri else _NO_LANGUAGE
    if language == _NO_LANGUAGE:
        return None
    refused = ""
    if not re.search(_MAKING + re.escape(name.rpartition("/")[2]), instruction, re.IGNORECASE):
        refused = "there is no such file, and the task does not say to create it"
    return Target(uri, _path(uri, files), language, named=True, creates=True, refused=refused)


def _the_one(
    name: str, meant: Sequence[str], current: DocumentView, opened: dict[str, DocumentView], files: Files
) -> str:
    """Of several files the one at exactly this path, the only open one, or the one beside the current document."""
    at = f"{files.folder_uri}/{quote(name)}" if "/" in name else _beside(current, files) + quote(name)
    preferred = [uri for uri in meant if uri in opened]
    sure = preferred if len(preferred) == 1 and "/" not in name else [uri for uri in meant if uri == at] or list(meant)
    if len(sure) > 1:
        paths = " or ".join(_path(uri, files) for uri in sure[:4])
        raise ActionRefused(f"{name} may be {paths}.", remedy="Name its folder too.")
    return sure[0] if sure else ""


def _target(view: DocumentView, files: Files, *, named: bool = False) -> Target:
    language = files.language_of(view.uri)
    known = definitions(tree_of(view.uri, language, view.text))
    return Target(view.uri, _path(view.uri, files), language, tuple((each.name, each.line) for each in known), named)


def _new_uri(name: str, current: DocumentView, files: Files) -> str:
    """Where a new file goes: a path counts from the folder, a bare name is beside the current document. "" nowhere."""
    if not files.folder_uri or ".." in name.split("/"):
        return ""
    return f"{files.folder_uri}/{quote(name)}" if "/" in name else _beside(current, files) + quote(name)


def _beside(current: DocumentView, files: Files) -> str:
    """The folder of the current document, the client's where that is elsewhere; ends with "/"."""
    root = f"{files.folder_uri}/"
    return current.uri.rpartition("/")[0] + "/" if current.uri.startswith(root) else root


def _path(uri: str, files: Files) -> str:
    root = files.folder_uri
    inside = bool(root) and uri.startswith(f"{root}/")
    return "/".join(map(file_name, uri[len(root) + 1 :].split("/"))) if inside else short_path(uri)
