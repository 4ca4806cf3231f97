"""How a test reaches what it tests, and what has to be imported for it. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.actions.imports_to_add import import_edit, standing_imports
from lsp_experts.syntax.tree import SyntaxTree

_SCRIPTS = frozenset({"javascript", "typescript"})


@dataclass(frozen=True)
class Reach:
    """`call` is how the test names it. `edit`: (offset, text) of an insertion that imports it."""

    call: str
    edit: tuple[int, str] | None = None


@dataclass(frozen=True)
class Subject:
    """What is tested: `name` (of a method: of its type) in the file `stem`. `module`: how Python imports the file.
    `path`: where the file is, seen from the test's file.
    """

    name: str
    stem: str
    module: str = ""
    path: str = ""


def reach(tree: SyntaxTree, subject: Subject) -> Reach | None:
    """How a test in the text of `tree` reaches the subject; None where it cannot be told for sure."""
    if tree.language == "python":
        return _python(tree, subject)
    if tree.language in _SCRIPTS:
        return _script(tree, subject)
    if tree.language == "rust" and not re.search(r"use super::\*", tree.text):
        return Reach(f"super::{subject.name}")
    return Reach(subject.name)


def relative_path(path: str, other: str) -> str:
    """How a script at `path` names the one at `other`, with its ending."""
    relative = posixpath.relpath(other, posixpath.dirname(path))
    return relative if relative.startswith(".") else f"./{relative}"


def _python(tree: SyntaxTree, subject: Subject) -> Reach | None:
    for node in standing_imports(tree):
        module = node.child_by_field_name("module_name")
        names = node.children_by_field_name("name")
        bare = [tree.source(_unaliased(each)) for each in names]
        if node.type == "import_from_statement" and module is not None:
            if tree.source(module).rpartition(".")[2] == subject.stem and names:
                here = subject.name in bare
                return Reach(subject.name, None if here else (tree.span(names[-1])[1], f", {subject.name}"))
            if subject.stem in bare:
                return Reach(f"{subject.stem}.{subject.name}")
        elif any(each.rpartition(".")[2] == subject.stem for each in bare):
            as_name = tree.source(names[0]).partition(" as ")[2].strip()
            return Reach(f"{as_name or bare[0]}.{subject.name}")
    if re.search(rf"from \S*\b{re.escape(subject.stem)} import (?:\*|.*\b{re.escape(subject.name)}\b)", tree.text):
        return Reach(subject.name)
    if not subject.module:
        return None
    return Reach(subject.name, import_edit(tree, [f"from {subject.module} import {subject.name}"]))


def _unaliased(node: Node) -> Node:
    name = node.child_by_field_name("name")
    return node if name is None else name


def _script(tree: SyntaxTree, subject: Subject) -> Reach | None:
    stem = re.escape(subject.stem)
    path = rf"""["'](?:\.{{1,2}}/|@/|~/)(?:[^"'\n]*/)?{stem}(?:\.[cm]?[jt]sx?)?["']"""
    some = re.search(rf"import(?:\s+type)?\s*(?:[\w$]+\s*,\s*)?\{{([^{{}}]*)\}}\s*from\s*{path}", tree.text)
    some = some or re.search(
        rf"(?:const|let|var)\s*\{{([^{{}}]*)\}}\s*=\s*(?:await import|require)\({path}\)", tree.text
    )
    if some is not None:
        names = [each.strip().split(" ")[0].split(":")[0] for each in some[1].split(",")]
        last = some.start(1) + len(some[1].rstrip().rstrip(","))
        return Reach(subject.name, None if subject.name in names else (last, f", {subject.name}"))
    whole = re.search(rf"import\s+(?:\*\s+as\s+)?([\w$]+)\s+from\s*{path}", tree.text)
    whole = whole or re.search(rf"(?:const|let|var)\s+([\w$]+)\s*=\s*require\({path}\)", tree.text)
    if whole is not None:
        return Reach(whole[1] if whole[1] == subject.name else f"{whole[1]}.{subject.name}")
    return None
