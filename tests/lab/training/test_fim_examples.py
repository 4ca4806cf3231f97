"""Examples are the product's own prompts: what is held out follows the tail, control tokens are never learnt."""

from __future__ import annotations

import asyncio

import pytest

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.lab.training.fim_examples import Example, Spelling, examples, windows

TEXT = "".join(f"def name{number}(one, two):\n    return one + two * {number}\n\n\n" for number in range(40))
SPELLING = Spelling(TEMPLATES["qwen"], {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3}, end=0)


async def letters(texts: object) -> list[list[int]]:
    """A token for each character."""
    return [[ord(char) for char in text] for text in texts]  # type: ignore[attr-defined]


def made(length: int, texts: tuple[str, ...] = (TEXT,), spelling: Spelling = SPELLING) -> list[Example]:
    prompts = windows(texts, spelling.template, length, seed=5, most=1000)
    return asyncio.run(examples(prompts, spelling, letters, length))


def parts(example: Example) -> tuple[str, str, str]:
    """Head, suffix, and tail with what was held out."""
    head, _, rest = "".join(map(chr, example.tokens[:-1])).partition("\2")
    suffix, _, middle = rest.partition("\3")
    return head.removeprefix("\1"), suffix, middle


def test_an_example_is_a_stretch_of_its_text() -> None:
    for example in made(4000):
        head, suffix, middle = parts(example)
        assert head + middle + suffix in TEXT and len(middle) >= 8
        assert len(example.tokens) == len(example.learnt) and example.tokens[-1] == 0 and example.learnt[-1]
        assert [token for token, learnt in zip(example.tokens, example.learnt, strict=True) if not learnt] == [1, 2, 3]


def test_what_is_too_long_loses_its_head_first() -> None:
    for example in made(300):
        assert len(example.tokens) <= 300
        head, suffix, middle = parts(example)
        assert middle and (head + middle + suffix in TEXT or not head)


def test_the_same_arguments_give_the_same_examples_and_longer_texts_more() -> None:
    assert made(300) == made(300)
    assert len(made(300, (TEXT * 3,))) > 2 * len(made(300))


def test_without_a_template_there_is_no_suffix() -> None:
    plain = Spelling(None, {}, end=0)
    for example in made(4000, spelling=plain):
        assert "".join(map(chr, example.tokens[:-1])) in TEXT and all(example.learnt)


@pytest.mark.parametrize("text", ["", "\n\n\n", "x = 1\n", "#" * 500])
def test_a_text_without_a_place_gives_nothing(text: str) -> None:
    assert made(300, (text,)) == []


def test_control_texts_in_code_are_text() -> None:
    text = TEXT.replace("return one", "return '<|fim_middle|>'")
    prompts = windows((text,), SPELLING.template, 300, seed=5, most=1000)
    assert all(segment.control == (segment.text in SPELLING.controls) for prompt in prompts for segment in prompt)


def test_no_more_than_asked_for() -> None:
    some, all_of_them = (windows((TEXT, TEXT), SPELLING.template, 300, seed=5, most=most) for most in (5, 1000))
    assert len(some) == 5 < len(all_of_them)
