"""From a document to a suggestion or a named silence: real pool, supervisor and pipe, a fake engine process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from completion.completer_stand import (
    BASE,
    GO,
    HTML,
    INTERPRETER,
    RUBY,
    answered,
    eager,
    install,
    open_stand,
    says,
    view,
)

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.completer import Completer
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.silence import Silence
from lsp_experts.engine.command import fake_command
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store
from lsp_experts.server.assembly import build_completer
from lsp_experts.settings import Settings

SAYS = {"go-carved": "go(1)", "html-carved": "html(1)", BASE: "base(1)", INTERPRETER: "interpreter(1)"}


class TestHost:
    """A server that only remembers."""

    __test__ = False
    workspace_uri = ""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.closing: list[Callable[[], Awaitable[None]]] = []
        self._news = asyncio.Event()

    def changed(self) -> None:
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for a change of states that makes `true` true."""
        while not true():
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 20)

    def loading(self, fractions: Mapping[str, float]) -> None: ...

    def tell(self, message: str) -> None:
        self.told.append(message)

    def at_exit(self, close: Callable[[], Awaitable[None]]) -> None:
        self.closing.append(close)


@asynccontextmanager
async def completer(
    monkeypatch: pytest.MonkeyPatch, *experts: str, faults: tuple[str, ...] = (), settings: Settings | None = None
) -> AsyncIterator[tuple[Completer, TestHost]]:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says(SAYS))
    install(*experts)
    host = TestHost()
    built = build_completer(eager(settings or Settings()), host, paths=default_paths(), command=fake_command(*faults))
    try:
        yield built, host
    finally:
        for close in host.closing:
            await close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("installed", "document", "expert", "reason"),
    [
        (("go-carved", "html-carved", BASE), GO, "go-carved", "expert"),
        (("go-carved", "html-carved", BASE), HTML, "html-carved", "expert"),
        (("go-carved", "html-carved", BASE), RUBY, BASE, "general"),
        (("go-carved", INTERPRETER), HTML, INTERPRETER, "interpreter"),
        (("javascript-carved",), ("file:///w/a.ts", "typescript"), "javascript-carved", "related:javascript"),
    ],
)
async def test_who_answers(
    monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], document: tuple[str, str], expert: str, reason: str
) -> None:
    async with completer(monkeypatch, *installed) as (built, _):
        answer = await answered(built, document, "x = ‸\n")
        assert isinstance(answer, Suggestion), answer
        assert (answer.expert, answer.expert_reason) == (expert, reason)
        assert answer.text == SAYS.get(expert, answer.text)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("document", "marked", "settings", "reason"),
    [
        (GO, "x = ‸", Settings(enabled=False), "off"),
        (("file:///w/.env", "plaintext"), "KEY=‸", Settings(), "secrets file"),
        (GO, "x" * 50 + "‸", Settings(max_line_chars=20), "line too long"),
        (GO, "x\n" * 50 + "‸", Settings(max_document_chars=20), "file too large"),
        (RUBY, "x = ‸", Settings(), "no expert"),
    ],
)
async def test_silences(
    monkeypatch: pytest.MonkeyPatch, document: tuple[str, str], marked: str, settings: Settings, reason: str
) -> None:
    async with completer(monkeypatch, "go-carved", settings=settings) as (built, _):
        shown, offset = view(document, marked)
        built.opened(shown)
        answer = await built.complete(shown, offset, manual=False)
        assert isinstance(answer, Silence) and answer.reason == reason
        assert built.status()["experts"] == [], "looking at it must wake nothing"


@pytest.mark.asyncio
async def test_a_keystroke_never_waits_for_a_load(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved") as (built, _):
        shown, offset = view(GO, "x = ‸\n")
        first = await built.complete(shown, offset, manual=False)
        assert isinstance(first, Silence) and first.reason == "loading"
        assert await asyncio.wait_for(built.ready(shown), 20)
        assert isinstance(await built.complete(shown, offset, manual=False), Suggestion)


@pytest.mark.asyncio
async def test_opening_a_document_preloads_its_expert_and_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", "html-carved", INTERPRETER) as (built, host):
        shown, _ = view(GO, "x = ‸\n")
        built.opened(shown)

        def hot() -> set[str]:
            return {expert["id"] for expert in built.status()["experts"] if expert["state"] == "HOT"}

        await host.until(lambda: hot() == {"go-carved", INTERPRETER})
        assert {expert["id"] for expert in built.status()["experts"]} == {"go-carved", INTERPRETER}


@pytest.mark.asyncio
async def test_the_interpreter_answers_while_an_expert_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", INTERPRETER, faults=("slow_load:200ms",)) as (built, _):
        assert isinstance(await answered(built, RUBY, "x = ‸\n"), Suggestion)  # the interpreter is HOT
        shown, offset = view(GO, "x = ‸\n")
        meanwhile = await built.complete(shown, offset, manual=False)
        assert isinstance(meanwhile, Suggestion) and meanwhile.expert == INTERPRETER
        assert await asyncio.wait_for(built.ready(shown), 20)
        then = await built.complete(shown, offset, manual=False)
        assert isinstance(then, Suggestion) and then.expert == "go-carved"


@pytest.mark.asyncio
async def test_typing_what_was_suggested_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved") as (built, _):
        assert isinstance(await answered(built, GO, "x = ‸\n"), Suggestion)
        along = await answered(built, GO, "x = go‸\n")
        assert isinstance(along, Suggestion) and (along.text, along.reused) == ("(1)", True)
        away = await answered(built, GO, "x = ga‸\n")
        assert isinstance(away, Suggestion) and not away.reused


@pytest.mark.asyncio
async def test_a_keystroke_decodes_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake's mirror counts toy tokens: a new prompt is many, one behind a standing anchor is few."""
    settings = Settings(reuse_suggestions=False, warm=False)
    async with completer(monkeypatch, "go-carved", settings=settings) as (built, _):
        text = "\n".join(f"line {number}" for number in range(30)) + "\n‸\n" + "tail\n" * 20
        costs = []
        for typed in ("", "a", "ab", "abc", "abc\n", "abc\nd", "abc\nde"):
            answer = await answered(built, GO, text.replace("‸", f"{typed}‸"))
            assert isinstance(answer, Suggestion)
            costs.append(answer.prompt_tokens)
        assert costs[0] > 50
        assert max(costs[1:]) <= 3, costs


@pytest.mark.asyncio
async def test_a_newer_request_supersedes_the_older(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", faults=("slow:50ms",)) as (built, _):
        shown, offset = view(GO, "x = ‸\n")
        built.opened(shown)
        assert await asyncio.wait_for(built.ready(shown), 20)
        older = asyncio.ensure_future(built.complete(shown, offset, manual=False))
        await asyncio.sleep(0)
        newer = await asyncio.wait_for(built.complete(*view(GO, "xy = ‸\n", 2), manual=False), 20)
        assert isinstance(newer, Suggestion)
        assert await older == Silence("superseded", "another answer is needed now")


@pytest.mark.asyncio
async def test_a_caller_who_left_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", faults=("slow:50ms",)) as (built, _):
        shown, offset = view(GO, "x = ‸\n")
        built.opened(shown)
        assert await asyncio.wait_for(built.ready(shown), 20)
        task = asyncio.ensure_future(built.complete(shown, offset, manual=False))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await answered(built, GO, "y = ‸\n"), Suggestion)


@pytest.mark.asyncio
async def test_a_crash_costs_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", faults=("die:SIGSEGV@complete2",)) as (built, host):
        settings = eager(Settings(warm=False))
        built.configure(settings)
        assert isinstance(await answered(built, GO, "a = ‸\n"), Suggestion)
        died = await answered(built, GO, "b = ‸\n")
        assert isinstance(died, Silence) and died.reason == "engine died"
        assert isinstance(await answered(built, GO, "c = ‸\n"), Suggestion)
        assert host.told == []


@pytest.mark.asyncio
async def test_an_expert_that_kills_twice_is_left_out_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved", BASE, faults=("die:SIGABRT@load:go-carved",)) as (built, host):
        answer = await answered(built, GO, "a = ‸\n")
        assert isinstance(answer, Suggestion) and (answer.expert, answer.expert_reason) == (BASE, "general")
        assert len(host.told) == 1 and "go-carved" in host.told[0]


@pytest.mark.asyncio
async def test_a_file_that_is_not_the_one_that_was_pulled_is_never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved") as (built, _):
        path = Path(Store(default_paths().store).find("go-carved").path)
        path.chmod(0o600)
        path.write_bytes(bytes(path.stat().st_size))
        answer = await answered(built, GO, "a = ‸\n")
        assert isinstance(answer, Silence) and answer.reason == "not ready"
        assert "go-carved" in answer.detail


@pytest.mark.asyncio
async def test_two_servers_on_one_store(monkeypatch: pytest.MonkeyPatch) -> None:
    async with completer(monkeypatch, "go-carved") as (one, _), completer(monkeypatch, "go-carved") as (two, _):
        answers = await asyncio.gather(answered(one, GO, "a = ‸\n"), answered(two, GO, "a = ‸\n"))
        assert [type(answer) for answer in answers] == [Suggestion, Suggestion]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "reason"), [("x = 1\n" * 8_000_000, "file too large"), ("x" * 1_900_000, "line too long")]
)
async def test_huge_files_are_left_alone(monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    async with completer(monkeypatch, "go-carved") as (built, _):
        built.opened(DocumentView(*GO, 1, text))
        answer = await built.complete(DocumentView(*GO, 1, text), len(text), manual=True)
        assert answer == Silence(reason)
        status = built.status()
        assert (status["focused"]["excluded"], status["experts"]) == (reason, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(("manual", "shown"), [(False, False), (True, True)])
async def test_who_asks_by_hand_sees_what_there_is(monkeypatch: pytest.MonkeyPatch, manual: bool, shown: bool) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "== else if"}))
    settings = Settings(warm=False, debounce="off")
    async with open_stand("go-carved", settings=settings, sparing=True) as stand:
        await stand.hot("go-carved")
        answer = await stand.completer.complete(*view(GO, "package main\n\nfunc f() {\n\t‸\n}\n"), manual=manual)
        assert isinstance(answer, Suggestion) == shown, answer
        assert shown or answer == Silence("worse syntax", "", answer.prompt_tokens, answer.decoded_tokens)


@pytest.mark.asyncio
async def test_the_language_of_a_document_that_nobody_knows_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says(SAYS))
    async with open_stand("go-carved", BASE, settings=Settings(warm=False)) as stand:
        await stand.hot("go-carved", BASE)
        untitled = ("untitled:Untitled-1", "plaintext")
        first = await stand.ask(untitled, "x‸")
        assert isinstance(first, Suggestion) and first.expert == BASE
        program = 'package main\n\nimport "fmt"\n\nfunc main() {\n' + "\tfmt.Println(1)\n" * 80 + "\t‸\n}\n"
        second = await stand.ask(untitled, program, 2)
        assert isinstance(second, Suggestion), second
        assert (second.expert, second.language) == ("go-carved", "go")
