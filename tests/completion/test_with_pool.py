"""Completion over the pool: parked experts, revoked leases, wishes taken back, saving, what comes next, the return."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from completion.completer_stand import BASE, GO, HTML, INTERPRETER, MB, RUBY, Stand, open_stand, says, view

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.silence import Silence
from lsp_experts.pool.runner import WITHDRAWN
from lsp_experts.routing.switches import Switches
from lsp_experts.settings import Settings

B_GO = ("file:///w/b.go", "go")
CODE = "\n".join(f"line {number} of the text" for number in range(40)) + "\nx = ‸\n" + "tail line\n" * 10


async def parked(stand: Stand, expert: str, beside: str) -> None:
    """Bring both in, then take so much of the budget that `expert` is parked."""
    await stand.hot(expert, beside)
    used = stand.pool.lease(beside)
    assert used is not None
    with used:
        stand.pool.set_budget(stand.pool.resident_bytes - 100 * MB)
        await stand.until(lambda: stand.state(expert) == "PARKED")
        await stand.hot()


@pytest.mark.asyncio
async def test_a_request_waits_for_an_unpark(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_stand("go-carved", "html-carved", faults=("slow_unpark:30ms",)) as stand:
        await parked(stand, "go-carved", "html-carved")
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert == "go-carved"


@pytest.mark.asyncio
async def test_an_unpark_that_takes_too_long_is_not_waited_for() -> None:
    faults = ("slow_unpark:1s",)
    async with open_stand("go-carved", INTERPRETER, "html-carved", faults=faults, unpark_guard_s=0.01) as stand:
        await stand.hot(INTERPRETER)
        await parked(stand, "go-carved", "html-carved")
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert == INTERPRETER


@pytest.mark.asyncio
async def test_a_client_that_leaves_during_an_unpark_takes_its_wish_back() -> None:
    faults = ("slow_unpark:50ms",)
    async with open_stand("go-carved", "html-carved", BASE, faults=faults, settings=Settings(preload=False)) as stand:
        await parked(stand, "go-carved", "html-carved")
        asking = asyncio.ensure_future(stand.ask(GO, "x = ‸\n"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stand.completer.focused(view(HTML, "<p>‸</p>")[0])
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await stand.hot()
        assert stand.state("go-carved") == "PARKED" and stand.pool.why_not("go-carved") == WITHDRAWN


@pytest.mark.asyncio
async def test_a_request_whose_expert_must_go_makes_room() -> None:
    """Its lease is revoked and its call aborted; the newer wish comes in."""
    settings = Settings(warm=False, preload=False)
    async with open_stand("go-carved", "html-carved", faults=("slow:50ms",), settings=settings) as stand:
        await stand.hot("go-carved")
        running = asyncio.ensure_future(stand.ask(GO, "x = ‸\n"))
        while not stand.engine.asked:
            await asyncio.sleep(0)
        stand.pool.set_budget(700 * MB)
        await stand.hot("html-carved")
        answer = await running
        assert isinstance(answer, Silence) and answer.reason == "made room", answer
        assert "go-carved" in answer.detail


@pytest.mark.asyncio
async def test_closing_the_last_document_of_a_language_takes_its_wish_back() -> None:
    async with open_stand("go-carved", "html-carved", BASE, faults=("slow_load:100ms",)) as stand:
        stand.completer.opened(view(RUBY, "‸")[0])  # the base loads now, the others wait
        await stand.until(lambda: stand.state(BASE) == "LOADING")
        for document in (GO, B_GO):
            stand.completer.opened(view(document, "‸")[0])
        await asyncio.sleep(0)
        stand.completer.closed(GO[0])
        assert stand.pool.why_not("go-carved").startswith("waiting"), "another document needs it"
        stand.completer.closed(B_GO[0])
        await stand.hot()
        assert stand.state("go-carved") == "COLD" and stand.pool.why_not("go-carved") == WITHDRAWN


@pytest.mark.asyncio
async def test_switching_completion_off_takes_wishes_back_and_nothing_loads() -> None:
    async with open_stand("go-carved", "html-carved", faults=("slow_load:100ms",)) as stand:
        stand.completer.opened(view(GO, "‸")[0])
        await stand.until(lambda: stand.state("go-carved") == "LOADING")
        stand.completer.opened(view(HTML, "‸")[0])
        await asyncio.sleep(0)
        stand.completer.configure(Settings(enabled=False))
        await stand.hot()
        assert (stand.state("go-carved"), stand.state("html-carved")) == ("HOT", "COLD")
        stand.completer.focused(view(HTML, "‸")[0])
        assert await stand.ask(HTML, "<p>‸") == Silence("off")
        await stand.hot()
        assert stand.state("html-carved") == "COLD"
        stand.completer.configure(Settings())
        await stand.until(lambda: stand.state("html-carved") == "HOT")


@pytest.mark.asyncio
async def test_a_document_that_the_editor_opens_and_closes_unseen_leaves_the_one_before_in_front() -> None:
    async with open_stand("go-carved", "html-carved") as stand:

        def in_front() -> str | None:
            focused = stand.completer.status()["focused"]
            return focused and focused["uri"]

        for document in (HTML, B_GO, GO):
            stand.completer.opened(view(document, "‸")[0])
        stand.completer.focused(view(HTML, "‸")[0])
        stand.completer.opened(view(RUBY, "‸")[0])
        seen = [in_front()]
        for uri in (RUBY[0], B_GO[0], HTML[0], GO[0]):
            stand.completer.closed(uri)
            seen.append(in_front())
        assert seen == [RUBY[0], HTML[0], HTML[0], GO[0], None]


@pytest.mark.asyncio
async def test_what_is_in_front_again_gets_its_expert_though_it_was_off_meanwhile() -> None:
    async with open_stand("go-carved", "html-carved", settings=Settings(enabled=False)) as stand:
        stand.completer.opened(view(HTML, "<p>‸</p>")[0])
        stand.completer.opened(view(GO, "‸")[0])
        stand.completer.configure(Settings())
        stand.completer.closed(GO[0])
        await stand.until(lambda: stand.state("html-carved") == "HOT")


@pytest.mark.asyncio
async def test_the_expert_the_user_chooses_comes_in_and_answers_at_once() -> None:
    async with open_stand("go-carved", BASE) as stand:
        assert (await stand.answered(GO, "x = ‸\n")).expert == "go-carved"
        stand.completer.configure(replace(stand.completer.settings, preferred={"go": BASE}))
        await stand.until(lambda: stand.state(BASE) == "HOT")
        answer = await stand.answered(GO, "y = ‸\n", 2)
        assert (answer.expert, answer.expert_reason) == (BASE, "chosen")
        stand.completer.configure(replace(stand.completer.settings, preferred={}))
        assert (await stand.answered(GO, "z = ‸\n", 3)).expert == "go-carved"


@pytest.mark.asyncio
async def test_saving_battery_loads_only_what_a_request_needs() -> None:
    async with open_stand("go-carved", INTERPRETER, saving=lambda: "save") as stand:
        stand.completer.opened(view(GO, "x = ‸\n")[0])
        await stand.hot()
        assert stand.state("go-carved") == "COLD"
        assert isinstance(await stand.answered(GO, "x = ‸\n"), Suggestion)
        await stand.hot()
        assert (stand.state("go-carved"), stand.state(INTERPRETER)) == ("HOT", "COLD")
        assert stand.warmed() == 0
        assert stand.completer.status()["saving"] == "save"


@pytest.mark.asyncio
async def test_saving_battery_altogether_loads_nothing() -> None:
    async with open_stand("go-carved", "html-carved", saving=lambda: "off") as stand:
        stand.completer.opened(view(GO, "x = ‸\n")[0])
        assert await stand.ask(GO, "x = ‸\n") == Silence("saving battery", "go-carved is not loaded")
        await stand.hot()
        assert stand.pool.states() == ()
        await parked(stand, "html-carved", "go-carved")
        assert isinstance(await stand.ask(GO, "x = ‸\n"), Suggestion), "what is HOT answers"
        assert isinstance(await stand.ask(HTML, "<p>‸"), Suggestion), "to unpark is no load"


def habit() -> Switches:
    """A user who goes from Go to HTML, and seldom to CSS."""
    switches = Switches()
    for _ in range(6):
        for language in ("go", "html"):
            switches.observe(language)
    return switches


@pytest.mark.asyncio
async def test_the_likely_next_expert_is_ready_before_it_is_needed() -> None:
    async with open_stand("go-carved", "html-carved", "rust-carved", switches=habit()) as stand:
        shown = view(GO, "x = ‸\n")[0]
        stand.completer.opened(shown)
        stand.completer.focused(shown)
        await stand.until(lambda: stand.state("html-carved") == "HOT")
        assert stand.told("html-carved")["wishedBecause"].startswith("likely next (")
        assert stand.state("rust-carved") == "COLD", "installed, and never followed"
        told = stand.completer.status()["next"]
        assert [(each["language"], each["expert"]) for each in told] == [("html", "html-carved")]
        assert stand.told("html-carved")["probability"] == pytest.approx(told[0]["probability"], abs=1e-3)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "saving"),
    [
        (Settings(predict=False), "full"),
        (Settings(preload=False), "full"),
        (Settings(), "save"),
        (Settings(), "off"),
    ],
)
async def test_nothing_is_guessed_where_the_user_does_not_want_it(settings: Settings, saving: str) -> None:
    how = {"settings": settings, "switches": habit(), "saving": lambda: saving}
    async with open_stand("go-carved", "html-carved", **how) as stand:  # type: ignore[arg-type]
        shown = view(GO, "x = ‸\n")[0]
        stand.completer.opened(shown)
        stand.completer.focused(shown)
        for _ in range(3):
            await stand.ask(GO, "x = ‸\n")
            await stand.hot()
        assert stand.state("html-carved") == "COLD"


@pytest.mark.asyncio
async def test_an_opened_document_in_the_background_does_not_keep_the_focus() -> None:
    async with open_stand("go-carved", "html-carved") as stand:
        assert isinstance(await stand.answered(GO, "x = ‸\n"), Suggestion)
        stand.completer.opened(view(HTML, "<p>‸")[0])
        assert stand.completer.status()["focused"]["uri"] == HTML[0]
        await stand.ask(GO, "x = ‸\n")
        assert stand.completer.status()["focused"]["uri"] == GO[0]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("beside", "leaves"),
    [
        pytest.param(HTML, False, id="go, html, go: both fit"),
        pytest.param(HTML, True, id="go, html, go: one is put out meanwhile"),
        pytest.param(B_GO, False, id="a.go, b.go, a.go"),
    ],
)
async def test_the_return_to_a_document_decodes_almost_nothing(beside: tuple[str, str], leaves: bool) -> None:
    async with open_stand("go-carved", "html-carved", settings=Settings(reuse_suggestions=False)) as stand:
        if leaves:
            stand.pool.set_budget(800 * MB)
        first = await stand.answered(GO, CODE)
        assert isinstance(first, Suggestion) and int(first.text.rpartition(":")[2]) > 100, (
            "the fake says how many tokens"
        )
        other = await stand.answered(beside, CODE.replace("line", "other"))
        assert isinstance(other, Suggestion)
        if leaves:
            assert stand.state("go-carved") != "HOT"
        stand.completer.focused(view(GO, CODE)[0])
        await stand.hot()
        again = await stand.answered(GO, CODE.replace("‸", "y‸"), 2)
        assert isinstance(again, Suggestion) and again.expert == "go-carved"
        assert again.prompt_tokens <= 32, again


@pytest.mark.asyncio
async def test_status_tells_all_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "add(one, two)"}))
    async with open_stand("go-carved", switches=Switches(), settings=Settings(warm=False)) as stand:
        stand.completer.opened(view(GO, CODE)[0])
        assert isinstance(await stand.answered(GO, CODE), Suggestion)
        await stand.hot()
        told = stand.completer.status()
        assert told.keys() == {
            "enabled", "saving", "engine", "budgetBytes", "residentBytes", "tight", "focused", "experts", "next",
            "combine", "memory", "problems", "last", "work", "remote",
        }  # fmt: skip
        assert (told["saving"], told["tight"], told["combine"]) == ("full", False, {"mode": "off", "note": ""})
        assert told["memory"] == {"documents": 1, "edits": 0, "accepted": 0, "symbols": 0}
        (expert,) = told["experts"]
        assert expert.keys() == {
            "id", "languages", "state", "residentBytes", "weightsBytes", "fileBytes", "deviceBytes", "leases", "loadMs",
            "parkMs", "unparkMs", "readyMs", "promptMsPerToken", "msPerToken", "kvTokens", "probability", "pinned",
            "reason", "wishedBecause", "answers",
        }  # fmt: skip
        assert (expert["answers"], expert["state"], expert["leases"]) == (1, "HOT", 0)
        assert told["last"]["expert"] == "go-carved" and told["last"]["decodedTokens"] > 0
        assert "line 3" not in repr(told) and "add(one" not in repr(told), "no text of any document"


@pytest.mark.asyncio
async def test_where_the_expert_cannot_come_in_the_next_of_the_chain_does() -> None:
    settings = Settings(preload=False, warm=False)
    async with open_stand("go-carved", BASE, faults=("oom:go-carved",), settings=settings) as stand:
        assert isinstance(await stand.ask(GO, "x = ‸\n"), Silence)
        await stand.until(lambda: "memory ran out" in stand.pool.why_not("go-carved"))
        await stand.ask(GO, "x = ‸\n")
        await stand.until(lambda: stand.state(BASE) == "HOT")
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert == BASE
