"""Run by test_real_drafts.py and test_real_choices.py as a process of its own, so that a crash is a failed test.

`disturbed.py drafts MODEL`: whatever is guessed, right, wrong or partly right, the answer is that without guesses.
`disturbed.py aborts MODEL CHOICES DRAFT_TOKENS`: each decode of a completion is aborted in turn.

After each completion, aborted or not, the cache holds what the mirror says and nothing of another sequence; and the
next answer is that of an undisturbed expert. Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace

from lsp_experts.engine.protocol import Complete, CompleteReport, Load, Segment, Stop
from lsp_experts.engine.worker.drafting import Lookup
from lsp_experts.engine.worker.expert import N_BRANCHES
from lsp_experts.engine.worker.generation import complete
from lsp_experts.engine.worker.model import Aborted
from lsp_experts.engine.worker.native import AbortFlag, open_library
from lsp_experts.engine.worker.prompting import Turn
from lsp_experts.engine.worker.roster import Roster

PIECES = ("func ", "return ", "x", "\n", "\t", "(", ") ", "err", "é", "日")
STOP = Stop(max_tokens=24, max_lines=99, repetition=False)
REQUEST = Complete("tiny", (Segment("func add(a int, b int) int {\n\treturn a + b\n}\nfunc add(a int"),), stop=STOP)


class Disturbed:
    """One expert whose decodes can be aborted and whose guesses are made up."""

    def __init__(self, model: str) -> None:
        self._native = open_library()
        self._flag = AbortFlag(self._native)
        roster = Roster(self._native, self._flag)
        roster.load(Load("tiny", model, n_ctx=512), lambda _: True)
        self.expert = roster.expert("tiny")
        self.decodes = self.abort_at = 0
        self._decode = self.expert._decode
        self.expert._decode = self._counted  # type: ignore[method-assign, assignment]

    def _counted(self, *arguments: object) -> int:
        self.decodes += 1
        if self.decodes == self.abort_at:
            self._flag.raise_flag()
        return self._decode(*arguments)  # type: ignore[arg-type]

    def ask(self, request: Complete) -> CompleteReport | None:
        """Its answer, None if it was aborted."""
        self.decodes = 0
        report = None
        try:
            report = complete([self.expert], request, Turn(lambda: False, lambda: False), lambda _: None)
        except Aborted:
            self._flag.lower()
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


if __name__ == "__main__":
    what, model, *numbers = sys.argv[1:]
    print(json.dumps(drafts(model) if what == "drafts" else aborts(model, *map(int, numbers))))
