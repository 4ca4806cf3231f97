"""What an exporter gives: files for its engine, checked, and what there is to say of running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_experts.lab.export.served import LeftOut, Served


@dataclass(frozen=True)
class EngineFiles:
    """`files` by their path below the folder; the rest is for its README, as Markdown without a heading.

    `endpoint` is where OpenAI's interface will be, if nothing else is said.
    """

    engine: str  # as the registry calls it: entry.RemoteServer
    endpoint: str
    served: tuple[Served, ...]
    files: Mapping[str, bytes]
    one_host: str
    several_hosts: str
    left_out: tuple[LeftOut, ...] = ()
