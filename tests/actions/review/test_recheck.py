"""What the expert is asked again: the hole goes from a line above the word to the end of its line."""

from __future__ import annotations

import pytest

from lsp_experts.actions.review.alternatives import Alternative
from lsp_experts.actions.review.recheck import NARROW, WIDE, Question, Surroundings, deltas, question
from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.protocol import ScoreReport, TextScore

TEXT = "one\ntwo\nthree\nfour\nif a < b:\n    c\n    d\n"


def asked(text: str, *alternatives: tuple[str, str], shown: Surroundings = NARROW, n_ctx: int = 2048) -> Question:
    """Each alternative as what stands there once and what might."""
    found = [Alternative(text.index(old), text.index(old) + len(old), new, "operator") for old, new in alternatives]
    return question(text, found, TEMPLATES["qwen"], shown, n_ctx)


@pytest.mark.parametrize(
    ("text", "shown", "head", "suffix", "texts"),
    [
        (TEXT, NARROW, "one\ntwo\nthree\n", "    c\n    d\n", ("four\nif a < b:\n", "four\nif a <= b:\n")),
        (
            TEXT,
            WIDE,
            "",
            "    c\n    d\n",
            ("one\ntwo\nthree\nfour\nif a < b:\n", "one\ntwo\nthree\nfour\nif a <= b:\n"),
        ),
        (TEXT, Surroundings(8, 5, 0), "four\n", "    c", ("if a < b:\n", "if a <= b:\n")),
        ("a < b", WIDE, "", "", ("a < b", "a <= b")),
        ("x\na < b", NARROW, "", "", ("x\na < b", "x\na <= b")),
        ("w\nx\na < b\n", NARROW, "w\n", "", ("x\na < b\n", "x\na <= b\n")),
        ("w\nx\na < b\n\n", NARROW, "w\n", "\n", ("x\na < b\n", "x\na <= b\n")),
    ],
)
def test_question(text: str, shown: Surroundings, head: str, suffix: str, texts: tuple[str, ...]) -> None:
    found = asked(text, ("<", "<="), shown=shown)
    assert found.texts == texts
    parts = [part.text for part in found.prompt if not part.control]
    assert parts == [part for part in (head, suffix) if part]


def test_several_alternatives_of_one_line() -> None:
    found = asked(TEXT, ("<", ">"), ("a < b", "b < a"), ("a", "not a"), ("if a", ""))
    lines = [text.removeprefix("four\n") for text in found.texts]
    assert lines == ["if a < b:\n", "if a > b:\n", "if b < a:\n", "if not a < b:\n", " < b:\n"]


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("a = 1\nb < a\n", "a", True),
        ("a = 1\n" + "x = 1\n" * 9 + "b < a\n", "a", True),
        ("b < c\n" + "x = 1\n" * 9 + "a = 1\n", "c", False),
        ("a = 1\n" + "x = 1\n" * 500 + "b < a\n", "a", False),
        ("ab = 1\na_ = 2\nb < a\n", "a", False),
        ("b < a\na = 1\n", "a", True),
    ],
)
def test_whether_a_name_is_shown_elsewhere(text: str, name: str, shown: bool) -> None:
    assert asked(text, ("<", ">"), shown=WIDE).shows(name) is shown


def test_a_small_context_is_shown_less() -> None:
    text = "x = 1\n" * 400 + "a < b\n" + "x = 1\n" * 400
    shown = asked(text, ("<", ">"), shown=WIDE, n_ctx=300)
    head, suffix = (part.text for part in shown.prompt if not part.control)
    assert 150 < len(head) <= 300
    assert 50 < len(suffix) <= 100


def test_user_text_is_no_control_text() -> None:
    found = asked("<|fim_suffix|>\n\na < b\n<|fim_middle|>\n", ("< b", "> b"))
    spelled = [(part.text, part.control) for part in found.prompt]
    assert spelled == [
        ("<|fim_prefix|>", True),
        ("<|fim_suffix|>\n", False),
        ("<|fim_suffix|>", True),
        ("<|fim_middle|>\n", False),
        ("<|fim_middle|>", True),
    ]


def test_deltas_are_of_whole_texts() -> None:
    def scored(*log_probabilities: float) -> TextScore:
        nothing = (0.0,) * len(log_probabilities)
        return TextScore(tuple(range(len(log_probabilities))), log_probabilities, nothing, nothing)

    report = ScoreReport((scored(-1.0, -2.0, -3.0), scored(-1.0, -0.5), scored(-9.0)), 0, 0, 0.0)
    assert deltas(report) == (4.5, -3.0)
