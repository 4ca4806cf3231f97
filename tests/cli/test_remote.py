"""`lsp-experts remote`: hosts are allowed and forgotten, and an expert says whether it is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from lsp_experts.cli import remote
from lsp_experts.cli.main import main
from lsp_experts.lab.faults.bad_remote import BadRemote
from lsp_experts.lab.faults.remote_replies import FAULTS, saying
from lsp_experts.paths import default_paths

Ran = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def call(*arguments: str) -> Ran:
        code = main(["remote", *arguments])
        return code, *capsys.readouterr()

    return call


def name_remote(endpoint: str) -> None:
    entry = {
        "id": "team-go", "kind": "remote", "languages": ["go"], "licence": "MIT", "note": "a note", "fim": "qwen",
        "remote": {"endpoint": endpoint, "model": "m", "key_variable": "TEAM_KEY"},
    }  # fmt: skip
    overlay = default_paths().overlay
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(json.dumps({"version": 1, "experts": [entry]}))


def test_a_host_is_allowed_listed_and_forgotten(run: Callable[..., Ran]) -> None:
    name_remote("https://models.example.org/v1")
    assert "is not asked: `lsp-experts remote allow models.example.org`" in run("list")[1]
    code, _, err = run("check", "team-go")
    assert code == 1 and "you have not allowed models.example.org" in err
    assert run("allow", "models.example.org")[0] == 0
    listed = json.loads(run("list", "--json")[1])
    assert listed["allowed"] == ["models.example.org"]
    assert listed["experts"][0] | {"allowed": True, "leaves_this_machine": True} == listed["experts"][0]
    assert run("forget", "models.example.org")[0] == 0
    code, _, err = run("forget", "models.example.org")
    assert code == 1 and "was not allowed" in err


def test_without_any_it_says_where_to_put_one(run: Callable[..., Ran]) -> None:
    assert str(default_paths().overlay) in run("list")[1]


def asked(capsys: pytest.CaptureFixture[str], reply: Any) -> tuple[Ran, BadRemote]:
    """`remote check` against a host that replies so."""

    async def meet() -> tuple[Ran, BadRemote]:
        async with BadRemote.serving(reply) as host:
            name_remote(host.endpoint)
            code = await asyncio.to_thread(remote.run, what="check", name="team-go")
            return (code, *capsys.readouterr()), host

    return asyncio.run(meet())


def test_an_expert_that_is_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_KEY", "the-key")
    (code, out, _), host = asked(capsys, saying(" ", "a + b"))
    assert code == 0 and "team-go answered in" in out and "'a + b'" in out
    assert host.heard[0].headers["authorization"] == "Bearer the-key"
    assert "the-key" not in out


@pytest.mark.parametrize(
    ("fault", "words"),
    [("401", "Put the right one into TEAM_KEY"), ("404", "Correct `endpoint` and `model`"), ("HTML", "answers with")],
)
def test_an_expert_that_is_not(capsys: pytest.CaptureFixture[str], fault: str, words: str) -> None:
    (code, _, err), _ = asked(capsys, FAULTS[fault][0])
    assert code == 1 and words in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(("arguments", "words"), [(("check", "go-carved"), "no remote expert"),
                                                  (("check", "nobody"), "There is no expert"),
                                                  (("allow", "https://a.example"), "is not a host")])  # fmt: skip
def test_bad_words(run: Callable[..., Ran], arguments: tuple[str, ...], words: str) -> None:
    code, _, err = run(*arguments)
    assert code == 1 and words in err


def test_there_is_nothing_to_pull(capsys: pytest.CaptureFixture[str]) -> None:
    name_remote("https://models.example.org/v1")
    assert main(["pull", "team-go"]) == 1
    assert "`lsp-experts remote check team-go`" in capsys.readouterr().err
