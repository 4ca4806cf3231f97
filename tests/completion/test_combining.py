"""Two experts at one place: ranked answers, ensembles, and who cannot be combined."""

from __future__ import annotations

import asyncio
import json

import pytest
from completion.completer_stand import BASE, GO, INTERPRETER, Stand, open_stand, says

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.combining import Combining
from lsp_experts.completion.silence import Silence
from lsp_experts.paths import default_paths
from lsp_experts.routing.chain import Candidate
from lsp_experts.settings import Settings

RANK, ENSEMBLE = Settings(combine="rank", warm=False), Settings(combine="ensemble", warm=False)
SAYS = {"go-carved": "add(1)", BASE: "subtract(1)", INTERPRETER: "whatever"}


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says(SAYS))


def experts(stand: Stand) -> list[str]:
    """Who was asked, in order."""
    return [request.expert for request in stand.engine.asked]


@pytest.mark.asyncio
async def test_off_asks_once() -> None:
    async with open_stand("go-carved", BASE, settings=Settings(warm=False)) as stand:
        await stand.hot("go-carved", BASE)
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and (answer.expert_reason, answer.others) == ("expert", ())
        assert experts(stand) == ["go-carved"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("likelier", "reason"),
    [("go-carved", "expert, rank: beat"), (BASE, "general, rank: beat")],
    ids=["first", "second"],
)
async def test_rank_asks_both_and_shows_the_likelier_first(likelier: str, reason: str) -> None:
    faults = ("probability:0.5", f"probability:{likelier}=0.99")
    async with open_stand("go-carved", BASE, settings=RANK, faults=faults) as stand:
        await stand.hot("go-carved", BASE)
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion)
        other = BASE if likelier == "go-carved" else "go-carved"
        assert [(each.expert, each.text) for each in (answer, *answer.others)] == [
            (likelier, SAYS[likelier]),
            (other, SAYS[other]),
        ]
        assert answer.expert_reason == f"{reason} {other}"
        assert experts(stand) == ["go-carved", BASE]
        again = await stand.ask(GO, "x = " + SAYS[likelier][:2] + "‸\n", 2)
        assert isinstance(again, Suggestion) and (again.expert, again.reused) == (likelier, True)
        along = await stand.ask(GO, "x = " + SAYS[other][:2] + "‸\n", 3)
        assert isinstance(along, Suggestion) and (along.expert, along.reused) == (other, True)


@pytest.mark.asyncio
async def test_a_single_hot_expert_answers_alone() -> None:
    async with open_stand("go-carved", BASE, settings=RANK) as stand:
        await stand.hot("go-carved")
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert_reason == "expert"
        await stand.hot(BASE)
        both = await stand.ask(GO, "x = ‸\n", 2)
        assert isinstance(both, Suggestion) and not both.reused, "an answer of one is not the answer of two"


@pytest.mark.asyncio
async def test_a_second_that_is_too_slow_is_left_out() -> None:
    settings = Settings(combine="rank", warm=False, preload=False, time_limit_ms=50)
    async with open_stand("go-carved", BASE, settings=settings, faults=(f"stall@complete:{BASE}",)) as stand:
        await stand.hot("go-carved", BASE)
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion)
        assert (answer.expert_reason, answer.others) == (f"expert, rank: nothing from {BASE}", ())


@pytest.mark.asyncio
async def test_a_second_that_dies_costs_no_answer() -> None:
    settings = Settings(combine="rank", warm=False, preload=False)
    async with open_stand("go-carved", BASE, settings=settings, faults=(f"die:SIGSEGV@complete:{BASE}",)) as stand:
        await stand.hot("go-carved", BASE)
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert == "go-carved"


@pytest.mark.asyncio
async def test_a_newer_request_ends_both() -> None:
    async with open_stand("go-carved", BASE, settings=RANK, faults=("slow:20ms",)) as stand:
        await stand.hot("go-carved", BASE)
        older = asyncio.ensure_future(stand.ask(GO, "x = ‸\n"))
        while experts(stand) != ["go-carved", BASE]:
            await asyncio.sleep(0.001)
        newer = await stand.ask(GO, "xy = ‸\n", 2)
        assert isinstance(newer, Suggestion)
        answer = await older
        assert isinstance(answer, Silence) and answer.reason == "superseded"
        assert experts(stand) == ["go-carved", BASE] * 2


@pytest.mark.asyncio
async def test_an_ensemble_is_one_call_of_two_experts() -> None:
    async with open_stand("go-carved", BASE, settings=ENSEMBLE) as stand:
        await stand.hot("go-carved", BASE)
        answer = await stand.ask(GO, "x = ‸\n")
        assert isinstance(answer, Suggestion) and answer.expert_reason == f"expert, ensemble with {BASE}"
        assert [request.partners for request in stand.engine.asked] == [(BASE,)]


@pytest.mark.asyncio
async def test_experts_of_different_vocabularies_are_tried_once() -> None:
    """The fake's aliens have a vocabulary of their own."""
    source = {"type": "hub", "repo": "test/alien", "file": "alien.gguf"}
    entry = {"id": "alien-base", "kind": "model", "languages": ["*"], "licence": "none", "note": "test"}
    overlay = default_paths().overlay
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(json.dumps({"version": 1, "experts": [{**entry, "sources": [source]}]}))
    async with open_stand("go-carved", "alien-base", BASE, settings=ENSEMBLE) as stand:
        await stand.hot("go-carved", "alien-base", BASE)
        alone = await stand.ask(GO, "x = ‸\n")
        assert isinstance(alone, Suggestion) and alone.expert_reason == "expert"
        assert [request.partners for request in stand.engine.asked] == [("alien-base",), ()]
        note = stand.completer.status()["combine"]["note"]
        assert note == "go-carved and alien-base do not share a vocabulary"
        other = await stand.ask(GO, "y = ‸\n", 2)
        assert isinstance(other, Suggestion) and other.expert_reason == f"expert, ensemble with {BASE}"
        assert [request.partners for request in stand.engine.asked[2:]] == [(BASE,)]


class StandIn:
    """The one thing of a pool that partners are chosen by."""

    def state_of(self, expert: str) -> str:
        return "COLD" if expert == "cold" else "HOT"


def test_partners() -> None:
    combining = Combining(StandIn(), lambda expert: f"sha-{expert}")  # type: ignore[arg-type]
    candidates = [Candidate(name, "general") for name in ("go", "cold", "base", "interpreter")]

    def partner(mode: str) -> str | None:
        found = combining.partner(mode, "go", candidates)
        return found.expert if found else None

    assert (partner("off"), partner("rank"), partner("ensemble")) == (None, "base", "base")
    combining.refuse("go", "base")
    assert (partner("rank"), partner("ensemble")) == ("base", "interpreter")
    assert combining.note == "go and base do not share a vocabulary"
    combining.refuse("go", "interpreter")
    assert partner("ensemble") is None
    assert combining.key("off", "go", None) == "sha-go"
    assert combining.key("rank", "go", candidates[2]) != combining.key("ensemble", "go", candidates[2])
