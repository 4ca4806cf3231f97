"""One place at which the lab runs an action, and how it judges what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lsp_experts.actions.action import Action
from lsp_experts.actions.place import Place, Problem
from lsp_experts.lab.action_workspace import FOLDER, OpenTexts
from lsp_experts.syntax.functions import Function, functions
from lsp_experts.syntax.tree import SyntaxTree

Marks = Mapping[str, tuple[int, int]]  # what was judged -> how many were right, of how many
Judge = Callable[[Mapping[str, str]], Awaitable[Marks]]


@dataclass(frozen=True, eq=False)
class ActionCase:
    """`judge` takes the texts by URI with the action's changes."""

    action: Action
    place: Place
    files: OpenTexts
    judge: Judge


def uri_of(name: str) -> str:
    """Of the Python file that a function of this name is in."""
    return f"{FOLDER}/{name}.py"


def place_in(files: OpenTexts, uri: str, at: int, problems: tuple[Problem, ...] = ()) -> Place:
    """A cursor in one of the documents."""
    view = files.view(uri)
    return Place(view, SyntaxTree(view.language, view.text), view.language, at, at, problems=problems)


def function_named(text: str, name: str) -> Function | None:
    """The function of a Python text."""
    return next((each for each in functions(SyntaxTree("python", text)) if each.name == name), None)


def mark(right: bool) -> tuple[int, int]:
    """One thing, right or not."""
    return int(right), 1
