"""A remote expert beside the local ones: who answers, what leaves the machine, and that nobody waits for the late."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from completion.completer_stand import GO, Stand, open_stand, view
from completion.far_scripted import ScriptedFar, far_of, remote_entry

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.silence import Silence
from lsp_experts.errors import EngineError, RemoteFailed
from lsp_experts.settings import Settings

TEAM = remote_entry("team-go", "models.example.org", "go")
CALM = Settings(preload=False, warm=False, speculate=False, reuse_suggestions=False, remote_wait_ms=10_000)
GONE = RemoteFailed("unreachable", "nobody is there")
CODE = "func f() {\n\tx = ‸\n}\n"
KEY = "AKIA" + "ABCDEFGHIJKL2345"


def said(answer: Suggestion | Silence) -> str:
    """Who says what, or why nobody does."""
    return answer.reason if isinstance(answer, Silence) else f"{answer.expert}: {answer.text}"


async def check(
    monkeypatch: pytest.MonkeyPatch,
    far: ScriptedFar,
    expected: str,
    *,
    local: str | None = "here()",
    settings: Settings = CALM,
    uri: str = GO[0],
    named: frozenset[str] = frozenset({"models.example.org"}),
    manual: bool = False,
) -> Stand:
    """Ask once at `CODE`, with an installed local expert unless `local` is None."""
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", local or "")
    experts = ("go-carved",) if local is not None else ()
    async with open_stand(*experts, settings=settings, far=far_of(far, TEAM, named=named), more=(TEAM,)) as stand:
        await stand.hot(*experts)
        shown, offset = view((uri, "go"), CODE)
        assert said(await asyncio.wait_for(stand.completer.complete(shown, offset, manual=manual), 20)) == expected
    return stand


@pytest.mark.asyncio
@pytest.mark.parametrize("manual", [False, True])
@pytest.mark.parametrize(
    ("far", "local", "expected"),
    [
        pytest.param("there()", "here()", "team-go: there()", id="in time"),
        pytest.param(None, "here()", "go-carved: here()", id="silent"),
        pytest.param(GONE, "here()", "go-carved: here()", id="gone"),
        pytest.param("", "here()", "go-carved: here()", id="it has nothing to say"),
        pytest.param("there()", None, "team-go: there()", id="nobody is here"),
        pytest.param(GONE, None, "remote failed", id="nobody is anywhere"),
    ],
)
async def test_who_answers(
    monkeypatch: pytest.MonkeyPatch, far: str | EngineError | None, local: str | None, expected: str, manual: bool
) -> None:
    await check(monkeypatch, ScriptedFar(far), expected, local=local, manual=manual)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "uri", "named"),
    [
        pytest.param({}, GO[0], frozenset({"other.example.org"}), id="its host is not named"),
        pytest.param({"remote": False}, GO[0], frozenset({"models.example.org"}), id="switched off"),
        pytest.param({"combine": "rank"}, GO[0], frozenset({"models.example.org"}), id="local experts combine"),
    ],
)
async def test_who_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], uri: str, named: frozenset[str]
) -> None:
    far, settings = ScriptedFar("there()"), replace(CALM, **changes)  # type: ignore[arg-type]
    await check(monkeypatch, far, "go-carved: here()", settings=settings, uri=uri, named=named)
    assert far.asked == []


@pytest.mark.asyncio
async def test_a_secrets_file_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    far = ScriptedFar("there()")
    await check(monkeypatch, far, "secrets file", uri="file:///w/.env")
    assert far.asked == []


@pytest.mark.asyncio
async def test_what_looks_like_a_secret_stays_here_and_the_document_keeps_to_one_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "here()")
    far = ScriptedFar("there()")
    async with open_stand("go-carved", settings=CALM, far=far_of(far, TEAM), more=(TEAM,)) as stand:
        await stand.hot("go-carved")
        code = f'const key = "{KEY}"\nvar password = "correct horse"\n' + CODE
        assert said(await stand.ask(GO, code)) == "team-go: there()"
    ((request, affinity),) = far.asked
    text = "".join(part.text for part in request.segments)
    assert KEY not in text and "horse" not in text and 'var password = "xxxxxxx' in text and "func f()" in text
    assert affinity == GO[0]


@pytest.mark.asyncio
async def test_who_was_late_is_not_waited_for_until_it_comes_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "here()")
    far = ScriptedFar("there()")
    async with open_stand("go-carved", settings=CALM, far=far_of(far, TEAM), more=(TEAM,)) as stand:
        await stand.hot("go-carved")
        assert said(await stand.ask(GO, CODE)) == "team-go: there()"
        far.says = None
        stand.completer.configure(replace(CALM, remote_wait_ms=0))
        assert said(await stand.ask(GO, CODE.replace("x", "xa"), 2)) == "go-carved: here()"
        stand.completer.configure(CALM)  # it would be waited for ten seconds now
        assert said(await stand.ask(GO, CODE.replace("x", "xab"), 3)) == "go-carved: here()"
        assert far.calls[1].ended, "what nobody waits for ends with the next request"
        far.answer("there()")
        for _ in range(5):
            await asyncio.sleep(0)
        waiting = asyncio.create_task(stand.ask(GO, CODE.replace("x", "xabc"), 4))
        while len(far.calls) < 4:
            await asyncio.sleep(0)
        await asyncio.wait_for(stand.engine.calls[-1].result(), 20)
        assert not waiting.done(), "it came in time: it is waited for again"
        far.answer("there()")
        assert said(await waiting) == "team-go: there()"


@pytest.mark.asyncio
async def test_a_newer_request_ends_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "here()")
    far = ScriptedFar(None)
    async with open_stand(
        "go-carved", settings=CALM, far=far_of(far, TEAM), more=(TEAM,), faults=("hang@complete",)
    ) as stand:
        await stand.hot("go-carved")
        first = asyncio.create_task(stand.ask(GO, CODE))
        while not far.calls:
            await asyncio.sleep(0)
        second = asyncio.create_task(stand.ask(GO, "func g() {\n\ty = ‸\n}\n", 2))
        while len(far.calls) < 2:
            await asyncio.sleep(0)
        assert far.calls[0].ended
        far.answer("there()")
        assert said(await second) == "team-go: there()"
        assert said(await first) == "superseded"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("named", "settings", "host", "state", "says"),
    [
        ({"models.example.org"}, CALM, "models.example.org", "prompt", "text of this file goes to models.example.org"),
        ({"models.example.org"}, replace(CALM, remote=False), "models.example.org", "off", ""),
        (set[str](), CALM, "", "off", ""),
    ],
)
async def test_the_status_says_what_leaves(
    monkeypatch: pytest.MonkeyPatch, named: set[str], settings: Settings, host: str, state: str, says: str
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "here()")
    far = far_of(ScriptedFar("there()"), TEAM, named=frozenset(named))
    async with open_stand("go-carved", settings=settings, far=far, more=(TEAM,)) as stand:
        await stand.hot("go-carved")
        await stand.ask(GO, CODE)
        told = stand.completer.status()["remote"]
        assert (told["host"], told["state"], told["says"]) == (host, state, says)
        if not named:
            assert told["skipped"] == [
                {
                    "id": "team-go",
                    "reason": "nothing is sent to models.example.org:"
                    " `lsp-experts remote allow models.example.org` would",
                }
            ]
