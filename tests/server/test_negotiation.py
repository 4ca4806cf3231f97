"""What the recorded clients are taken for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types as t

from lsp_experts.server.action_capabilities import ActionSupport, EditSupport
from lsp_experts.server.capabilities import Client, client_of, server_capabilities
from lsp_experts.server.converter import strict_converter, structure_params

RECORDED = Path(__file__).parents[1] / "fixtures" / "initialize"

EXPECTED = {
    "vscode-1.139.1-lc11": Client(
        "utf-16",
        "snippet",
        as_is=True,
        inline=True,
        runs_commands=True,
        progress=True,
        pulls_configuration=True,
        registers_configuration=True,
        shows_documents=True,
        actions=ActionSupport(literals=True, disabled=True),  # it would resolve what is only looked at
        edits=EditSupport(applies=True, versions=True, creates=True, annotations=True),
        name="code-server",
    ),
    "neovim-0.11.4": Client(
        "utf-8",
        "snippet",
        cuts_plain=True,
        runs_commands=True,
        progress=True,
        pulls_configuration=True,
        shows_documents=True,
        actions=ActionSupport(literals=True, resolves=True),
        edits=EditSupport(applies=True, creates=True),
        name="Neovim",
    ),
    "eglot-1.9-emacs28.2": Client(
        "utf-16",
        "plain",
        runs_commands=True,
        pulls_configuration=True,
        patient=False,
        actions=ActionSupport(literals=True),
        edits=EditSupport(applies=True, versions=True),
    ),
    "lsp-mode-8.0.0-emacs28.2": Client(
        "utf-32",  # unsaid: it counts characters
        "plain",
        as_is=True,
        runs_commands=True,
        progress=True,
        pulls_configuration=True,
        patient=False,
        actions=ActionSupport(literals=True),
        edits=EditSupport(applies=True, versions=True, creates=True),
        diagnostic_versions=True,
        name="emacs",
    ),
    "ale-3.3.0-vim9": Client(
        "utf-8",  # unsaid: it counts bytes
        "first line",
        cuts_plain=True,
        actions=ActionSupport(literals=True),
        edits=EditSupport(applies=True, answers=False),
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_clients(name: str) -> None:
    params = json.loads((RECORDED / f"{name}.json").read_text())
    assert client_of(structure_params(strict_converter(), t.INITIALIZE, params)) == EXPECTED[name]


@pytest.mark.parametrize(
    ("encodings", "name", "chosen"),
    [
        (None, "other", "utf-16"),
        ([], "other", "utf-16"),
        (["utf-8"], "other", "utf-8"),
        (["utf-32", "utf-16"], "other", "utf-32"),
        (["utf-7", "utf-8"], "other", "utf-8"),
        (["utf-7"], "other", "utf-16"),
        (None, "emacs", "utf-32"),
        (["utf-16"], "emacs", "utf-16"),
        (["utf-32", "utf-16"], "emacs", "utf-32"),
    ],
)
def test_position_encoding(encodings: list[str] | None, name: str, chosen: str) -> None:
    general = {} if encodings is None else {"general": {"positionEncodings": encodings}}
    params = {"processId": None, "rootUri": None, "capabilities": general, "clientInfo": {"name": name}}
    client = client_of(structure_params(strict_converter(), t.INITIALIZE, params))
    assert client.encoding == chosen
    assert server_capabilities(client).position_encoding == chosen


@pytest.mark.parametrize(
    ("experimental", "wants"),
    [
        ({"lspExpertsStatus": True}, True),
        ({"lspExpertsStatus": False}, False),
        ({"lspExpertsStatus": 1}, False),
        ({}, False),
        ([True], False),
        (None, False),
    ],
)
def test_who_wants_the_status(experimental: object, wants: bool) -> None:
    params = {"processId": None, "rootUri": None, "capabilities": {"experimental": experimental}}
    assert client_of(structure_params(strict_converter(), t.INITIALIZE, params)).wants_status is wants


def test_one_odd_capability_does_not_cost_the_others() -> None:
    params = {
        "processId": "17",
        "trace": "loud",
        "capabilities": {
            "textDocument": {"hover": 5, "completion": {"completionItem": {"snippetSupport": True}}},
            "window": {"workDoneProgress": True},
            "workspace": [],
        },
    }
    client = client_of(structure_params(strict_converter(), t.INITIALIZE, params))
    assert (client.multi_line, client.progress) == ("snippet", True)
