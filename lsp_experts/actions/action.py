"""A code action: where it makes sense, and how it is done. One file each declares one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lsp_experts.actions.files import Files
from lsp_experts.actions.generator import Generator
from lsp_experts.actions.outcome import Outcome
from lsp_experts.actions.place import Place

# What an expert has to be able to do: fill in; follow instructions about code; answer for people. "none": none is asked
Need = Literal["fim", "instruct", "prose", "none"]


@dataclass(frozen=True)
class Offer:
    """One entry of the client's menu. `data`: JSON that `run` needs beside the place."""

    title: str
    kind: str  # an LSP CodeActionKind
    data: Mapping[str, Any] = field(default_factory=dict)
    fixes: tuple[int, ...] = ()  # indices of the place's problems that it is for


@dataclass(frozen=True)
class Job:
    """One run: the place it was asked for, the offer's data, and what it may use.

    `progress` takes a short sentence for the user each time something is new.
    """

    place: Place
    data: Mapping[str, Any]
    files: Files
    generator: Generator
    progress: Callable[[str], None]


@dataclass(frozen=True)
class Action:
    """`offers` is pure and quick (it runs each time a cursor moves); `run` raises ActionRefused."""

    name: str  # also a command: lspExperts.<name>
    need: Need
    offers: Callable[[Place, Files], tuple[Offer, ...]]
    run: Callable[[Job], Awaitable[Outcome]]
