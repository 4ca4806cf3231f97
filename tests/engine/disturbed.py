"""Run by the tests of the real engine as a process of its own, so that a crash is a failed test.

`disturbed.py drafts MODEL`: whatever is guessed, right, wrong or partly right, the answer is that without guesses.
`disturbed.py aborts MODEL CHOICES DRAFT_TOKENS`: each decode of a completion is aborted in turn.
`disturbed.py scores MODEL`: each decode of a score is aborted in turn, and it gives way at each place where it can.
`disturbed.py interruptions MODEL CHOICES`: a completion gives way at each place where it can, and goes on.

After each request, aborted or not, the cache holds what the mirror says and nothing of another sequence; and the
next answer is that of an undisturbed expert. Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lsp_experts.engine.protocol import Complete, CompleteReport, Load, Score, ScoreReport, Segment, Stop
from lsp_experts.engine.worker.drafting import Lookup
from lsp_experts.engine.worker.expert import N_BRANCHES
from lsp_experts.engine.worker.generation import complete
from lsp_experts.engine.worker.model import Aborted
from lsp_experts.engine.worker.native import AbortFlag, open_library
from lsp_experts.engine.worker.prompting import Superseded, Turn
from lsp_experts.engine.worker.roster import Roster
from lsp_experts.engine.worker.scoring import score

PIECES = ("func ", "return ", "x", "\n", "\t", "(", ") ", "err", "é", "日")
STOP = Stop(max_tokens=24, max_lines=99, repetition=False)
REQUEST = Complete("tiny", (Segment("func add(a int, b int) int {\n\treturn a + b\n}\nfunc add(a int"),), stop=STOP)


T = TypeVar("T")


class Disturbed:
    """One expert whose decodes can be aborted, whose guesses are made up, and which is asked to give way."""

    def __init__(self, model: str) -> None:
        self._native = open_library()
        self._flag = AbortFlag(self._native)
        roster = Roster(self._native, self._flag)
        roster.load(Load("tiny", model, n_ctx=512), lambda _: True)
        self.expert = roster.expert("tiny")
        self.decodes = self.abort_at = 0
        self.looks = self.yield_at = 0  # at the queue
        self._decode = self.expert._decode
        self.expert._decode = self._counted  # type: ignore[method-assign, assignment]

    def _counted(self, *arguments: object) -> int:
        self.decodes += 1
        if self.decodes == self.abort_at:
            self._flag.raise_flag()
        return self._decode(*arguments)  # type: ignore[arg-type]

    def _must_yield(self) -> bool:
        self.looks += 1
        return self.looks == self.yield_at

    def ask(self, request: Complete) -> CompleteReport | None:
        """Its answer, None if it was aborted."""
        return self._run(lambda turn: complete([self.expert], request, turn, lambda _: None))

    def score(self, request: Score) -> ScoreReport | None:
        """Its scores, None if it was aborted or gave way."""
        return self._run(lambda turn: score(self.expert, request, turn))

    def _run(self, request: Callable[[Turn], T]) -> T | None:
        self.decodes = self.looks = 0
        report = None
        try:
            report = request(Turn(lambda: False, self._must_yield))
        except Aborted:
            self._flag.lower()
        except Superseded:
            assert self.yield_at
        of = self._native.C.llama_memory_seq_pos_max
        held = [of(self.expert._memory, sequence) + 1 for sequence in range(N_BRANCHES)]
        assert held == [len(self.expert.mirror), 0, 0], (held, len(self.expert.mirror))
        return report


def essence(report: CompleteReport | None) -> object:
    assert report is not None
    return report.text, report.stop, [(other.text, other.stop) for other in report.others]


def guess_by(right: list[int], start: int, spoil: Callable[[int], int]) -> None:
    """Let experts guess the `right` tokens, which follow `start` tokens, as `spoil` changes them."""

    def guess(lookup: Lookup, most: int, useful: Callable[[list[int]], list[int]]) -> list[int]:
        return useful([spoil(token) for token in right[len(lookup._tokens) - start :][: max(0, most)]])

    Lookup.guess = guess  # type: ignore[method-assign]


def drafts(model: str) -> dict[str, int]:
    disturbed, chance = Disturbed(model), random.Random(5)
    seen = {"drafted": 0, "accepted": 0, "decodes": 0, "decodes without": 0, "prompts": 0}
    for number in range(60):
        text = "".join(
            chance.choice(["func ", "return ", "x", "\n", "\t", "(", ") ", "err", "é", "日"]) for _ in range(40)
        )
        stop = replace(STOP, max_lines=chance.choice([1, 3, 99]), max_tokens=chance.choice([1, 2, 17, 40]))
        if number % 3 == 0:
            stop = replace(stop, least_probability=1e-3, repetition=True)
        request = Complete("tiny", (Segment(text),), heal=bool(number % 2), stop=stop)
        disturbed.expert.forget()
        plain = disturbed.ask(request)
        assert plain is not None
        seen["decodes without"] += disturbed.decodes
        start = plain.prompt_tokens
        right = disturbed.expert.mirror[start:]
        rate = chance.choice([0.0, 0.1, 0.5, 1.0])
        guess_by(right, start, lambda token, rate=rate: 3 if chance.random() < rate else token)  # type: ignore[misc]
        drafted = disturbed.ask(replace(request, draft_tokens=chance.choice([1, 3, 7, 15, 99])))
        assert drafted is not None
        assert essence(drafted) == essence(plain), (number, drafted, plain)
        assert drafted.decoded_tokens == plain.decoded_tokens
        assert disturbed.expert.mirror[start:] == right[: len(disturbed.expert.mirror) - start]
        seen["drafted"] += drafted.drafted_tokens
        seen["accepted"] += drafted.accepted_tokens
        seen["decodes"] += disturbed.decodes
        seen["prompts"] += 1
    return seen


def aborts(model: str, choices: int, draft_tokens: int) -> dict[str, int]:
    disturbed = Disturbed(model)
    plain = disturbed.ask(REQUEST)
    assert plain is not None
    chance = random.Random(7)
    right = disturbed.expert.mirror[plain.prompt_tokens :]
    guess_by(right, plain.prompt_tokens, lambda token: 3 if chance.random() < 0.2 else token)
    request = replace(REQUEST, choices=choices, draft_tokens=draft_tokens)
    expected = essence(disturbed.ask(request))
    decodes = disturbed.decodes
    for abort_at in range(1, decodes + 1):
        disturbed.expert.forget()
        disturbed.abort_at = abort_at
        report = disturbed.ask(request)
        assert (report is None) == (disturbed.decodes >= abort_at)
        disturbed.abort_at = 0
        assert essence(disturbed.ask(request)) == expected, abort_at
    return {"decodes": decodes, "others": len(expected[2])}  # type: ignore[index]


def interruptions(model: str, choices: int) -> dict[str, int]:
    """Behind each interruption somebody asks about another place; then it goes on behind what it had said.

    `model` must tokenise a text as it said it.
    """
    disturbed = Disturbed(model)
    other = replace(REQUEST, segments=(Segment("<div>" * 16),))
    seen = {"in prompt": 0, "in text": 0}
    segments = (Segment("func 日() int {\n" * 10),)
    request = Complete("tiny", segments, heal=False, stop=STOP, gives_way=True, choices=choices)
    disturbed.expert.forget()
    whole = disturbed.ask(request)
    assert whole is not None and whole.prompt_tokens > 128
    looks, disturbed.yield_at = disturbed.looks, 1
    assert essence(disturbed.ask(replace(request, gives_way=False))) == essence(whole)
    assert disturbed.looks == 0, "who does not give way does not look"
    for yield_at in range(1, looks + 1):
        disturbed.expert.forget()
        disturbed.yield_at = yield_at
        part = disturbed.ask(request)
        disturbed.yield_at = 0
        assert part is not None
        if part.stop != "gave way":
            assert choices > 1, "the best choice had ended"
            continue
        disturbed.ask(other)
        left = replace(STOP, max_tokens=max(1, STOP.max_tokens - len(part.text)))
        rest = disturbed.ask(replace(request, segments=(*segments, Segment(part.text)), stop=left, choices=1))
        assert rest is not None
        if part.text:
            seen["in text"] += 1
            assert rest.prompt_tokens == 1, "what it said last was not decoded before"
        else:
            seen["in prompt"] += 1
            assert part.prompt_tokens + rest.prompt_tokens <= whole.prompt_tokens + 1
        assert rest.cached_tokens + rest.prompt_tokens == whole.prompt_tokens + len(part.text)
        assert (part.text + rest.text)[: STOP.max_tokens] == whole.text
    return seen


SCORE = Score("tiny", REQUEST.segments, ("return err", "return nil", "", "package " * 20, "return err != nil", "日本"))


def scores(model: str) -> dict[str, int]:
    disturbed = Disturbed(model)
    expected = disturbed.score(SCORE)
    assert expected is not None
    seen = {"decodes": disturbed.decodes, "looks": disturbed.looks}
    for what, times in seen.items():
        for at in range(1, times + 1):
            disturbed.expert.forget()
            disturbed.abort_at, disturbed.yield_at = (at, 0) if what == "decodes" else (0, at)
            assert disturbed.score(SCORE) is None
            disturbed.abort_at = disturbed.yield_at = 0
            again = disturbed.score(SCORE)
            assert again is not None
            for one, other in zip(again.scores, expected.scores, strict=True):
                assert one.starts == other.starts
                difference = max(
                    map(abs, map(float.__sub__, one.log_probabilities, other.log_probabilities)), default=0
                )
                assert difference < 1e-3, (what, at, difference)
    return seen


MODES: dict[str, Callable[..., dict[str, int]]] = {
    "drafts": drafts, "aborts": aborts, "interruptions": interruptions, "scores": scores,
}  # fmt: skip

if __name__ == "__main__":
    what, model, *numbers = sys.argv[1:]
    print(json.dumps(MODES[what](model, *map(int, numbers))))
