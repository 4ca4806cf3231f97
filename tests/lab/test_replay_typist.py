"""The typist, with a clock of its own: what he presses, what he sees, how long he waits; and the figures of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.lab.replay_acceptance import Verdict
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.replay_scores import by_language, figures, ratios
from lsp_experts.lab.replay_typist import Cost, Ghost, Run, Seen, gaps_s, type_case

GAP_S = 0.2
CASE = Case(Path("/w/a.py"), "python", "python", "end", "x = \n", 4, "compute(1)")
Answers = Mapping[int, tuple[float, Ghost | None]]  # key -> (seconds until the answer, what it is)


class Machine:
    """An editor with scripted answers, and the time that passes in it."""

    def __init__(self, answers: Answers) -> None:
        self.now_s = 0.0
        self.pressed: list[tuple[str, int]] = []
        self._answers, self._due = answers, dict[int, tuple[float, Ghost | None]]()
        self._seen: Seen = lambda ghost, key: None

    async def begin(self, case: Case, seen: Seen) -> None:
        self._seen = seen

    def press(self, key: int, text: str, replaced: int = 0) -> None:
        self.pressed.append((text, replaced))
        self._due.clear()  # superseded
        if key in self._answers:
            after_s, ghost = self._answers[key]
            self._due[key] = (self.now_s + after_s, ghost)
            self._tell(self.now_s)

    async def sleep(self, seconds: float) -> None:
        until_s = round(self.now_s + seconds, 6)
        self._tell(until_s)
        self.now_s = until_s

    def _tell(self, until_s: float) -> None:
        for key, (due_s, ghost) in list(self._due.items()):
            if due_s <= until_s:
                self.now_s = round(max(self.now_s, due_s), 6)
                del self._due[key]
                self._seen(ghost, key)

    async def end(self) -> Cost:
        return Cost(3, 20, 50)


def typed(answers: Answers, case: Case = CASE, max_keys: int = 24) -> tuple[Run, Machine]:
    machine = Machine(answers)
    gaps = (GAP_S,) * len(case.truth)

    async def run() -> Run:
        return await type_case(machine, case, gaps, clock=lambda: machine.now_s, sleep=machine.sleep, max_keys=max_keys)

    return asyncio.run(run()), machine


def text_of(machine: Machine) -> str:
    return "".join(text for text, _ in machine.pressed)


def test_without_answers_every_key_is_pressed() -> None:
    run, machine = typed({})
    assert text_of(machine) == CASE.truth
    assert (run.keystrokes, run.entered_keys, run.moments, run.moments_shown) == (10, 10, 9, 0)
    assert run.waits_ms == (pytest.approx(9 * 200),), "the end cuts the wait off, and it counts"


def test_a_right_suggestion_is_accepted_in_place_of_the_next_key() -> None:
    run, machine = typed({3: (0.05, Ghost("pute(1)"))})
    assert [text for text, _ in machine.pressed] == ["c", "o", "m", "pute(1)"]
    assert (run.keystrokes, run.entered_keys) == (4, 10)
    assert run.waits_ms == (pytest.approx(450),), "from the first key that nobody answered"
    (verdict,) = run.verdicts
    assert verdict.precise and verdict.exact_line and verdict.right_chars == 7


def test_one_that_comes_too_late_is_superseded() -> None:
    run, machine = typed({number: (0.3, Ghost(CASE.truth[number:])) for number in range(1, 10)})
    assert text_of(machine) == CASE.truth and not run.verdicts and run.moments_shown == 0


def test_a_wrong_one_is_typed_over() -> None:
    run, machine = typed({1: (0.1, Ghost("ommit()"))})
    assert text_of(machine) == CASE.truth and run.keystrokes == 10
    assert [verdict.precise for verdict in run.verdicts] == [False] and run.verdicts[0].right_chars == 2
    assert run.moments_shown == 1


def test_one_that_is_typed_along_is_one_suggestion() -> None:
    answers = {number: (0.0, Ghost("compute_all()"[number:])) for number in range(1, 8)}
    run, _ = typed({**answers, 8: (0.0, None)})
    assert len(run.verdicts) == 1 and run.moments_shown == 7 and run.verdicts[0].right_chars == 6
    assert run.waits_ms[0] == 0.0


def test_a_silent_answer_ends_the_wait_uncounted() -> None:
    run, _ = typed({1: (0.01, None), 2: (0.01, None), 4: (0.1, Ghost("bad"))}, max_keys=5)
    assert run.waits_ms == (pytest.approx(300), pytest.approx(200))
    assert run.keystrokes == 5


def test_what_saves_no_key_is_not_accepted() -> None:
    _, machine = typed({9: (0.0, Ghost(")"))})
    assert len(machine.pressed) == 10


def test_closers_right_of_the_cursor_are_replaced_with_it() -> None:
    case = Case(Path("/w/a.py"), "python", "python", "mid", "f()\n", 2, "first, second")
    run, machine = typed({1: (0.0, Ghost("irst, second)", 1))}, case)
    assert machine.pressed == [("f", 0), ("irst, second)", 1)]
    assert (run.keystrokes, run.entered_keys) == (2, 13)


def test_right_lines_are_accepted_one_by_one() -> None:
    case = Case(Path("/w/a.py"), "python", "python", "block", "if x:\n", 5, "\n    one()\n    two()\n    three()")
    run, machine = typed({1: (0.0, Ghost("one()\n    two()\n    wrong()"))}, case)
    assert machine.pressed[:2] == [("\n    ", 0), ("one()\n    two()", 0)]
    assert run.keystrokes == 1 + 2 + 8 and text_of(machine) == case.truth
    assert run.verdicts[0].precise


def test_gaps_are_the_same_for_everybody_and_longer_at_line_ends() -> None:
    case = Case(Path("/w/a.py"), "python", "python", "block", "", 0, "\n    abc\n    def" * 20)
    gaps = gaps_s(case, 180, 7)
    assert gaps == gaps_s(replace(case), 180, 7) != gaps_s(case, 180, 8)
    after_break = [gap for index, gap in enumerate(gaps) if case.truth[index] == "a"]
    inside = [gap for index, gap in enumerate(gaps) if case.truth[index] in "bc"]
    assert sum(after_break) / len(after_break) > 2 * sum(inside) / len(inside)
    assert 0.12 < sorted(inside)[len(inside) // 2] < 0.26


# -- figures ----------------------------------------------------------------------------------------------------------


def run_of(
    language: str, *verdicts: Verdict, keystrokes: int = 8, entered: int = 10, waits: tuple[float, ...] = ()
) -> Run:
    return Run(replace(CASE, language=language), keystrokes, entered, 10, 5, verdicts, waits, Cost(4, 16, 40))


RIGHT, FIRST, WRONG = Verdict(True, True, 9, 1.0), Verdict(True, False, 5, 0.5), Verdict(False, False, 1, 0.25)
KEYS = {
    "cases", "keystrokes", "exact_line", "prefix_chars", "edit_similarity", "shown_pct", "precision",
    "chars_saved_per_100", "model_calls_per_keystroke", "prompt_tokens_per_keystroke", "decoded_tokens_per_keystroke",
    "first_suggestion_ms_p50", "first_suggestion_ms_p95", "suggestions", "interval_95", "prompt_tokens_per_call",
}  # fmt: skip


def test_figures() -> None:
    runs = [
        run_of("go", RIGHT, WRONG, waits=(100.0, 300.0)),
        run_of("go", FIRST, keystrokes=10, waits=(200.0,)),
        run_of("css", entered=10, keystrokes=10),
    ]
    found = figures(runs)
    assert found.keys() == KEYS and all(type(found[key]) in (int, float, dict) for key in KEYS)
    assert found["exact_line"] == pytest.approx(1 / 3, abs=1e-4), "a case without a suggestion is not exact"
    assert (found["prefix_chars"], found["precision"]) == (5.0, pytest.approx(2 / 3, abs=1e-4))
    assert found["edit_similarity"] == pytest.approx(1.75 / 3, abs=1e-4)
    assert found["chars_saved_per_100"] == pytest.approx(100 * 2 / 30, abs=0.01)
    assert found["shown_pct"] == 50.0 and found["keystrokes"] == 28
    assert found["prompt_tokens_per_call"] == 4
    assert found["decoded_tokens_per_keystroke"] == pytest.approx(120 / 28, abs=0.01)
    assert (found["first_suggestion_ms_p50"], found["first_suggestion_ms_p95"]) == (200.0, 300.0)
    low, high = found["interval_95"]["precision"]
    assert low <= found["precision"] <= high
    assert {language: row["cases"] for language, row in by_language(runs).items()} == {"css": 1, "go": 2}


def test_figures_of_nothing_are_zeros() -> None:
    found = figures([])
    assert found.keys() == KEYS and found["precision"] == 0 and found["cases"] == 0


def test_ratios_say_how_many_times_better() -> None:
    ours = figures([run_of("go", RIGHT, waits=(100.0,))])
    peer = figures([replace(run_of("go", FIRST, WRONG, keystrokes=9, waits=(800.0,)), cost=Cost(9, 900, 1800))])
    found = ratios(ours, peer)
    assert found["first_suggestion_p50"] == 8 and found["precision"] == 2 and found["chars_saved"] == 2
    assert found["decoded_tokens"] == pytest.approx(200 / 5) and found["prompt_tokens"] == pytest.approx(50)
    assert ratios(ours, figures([]))["precision"] is None
