"""Code seen lately: what is kept, what is the same, what would only be copied."""

from __future__ import annotations

import pytest

from lsp_experts.completion.ring import CHUNK_LINES, Chunk, Ring, chunk_at, likeness

WORDS = [f"alpha{number} beta{number} gamma{number}" for number in range(200)]
TEXT = "\n".join(WORDS)


def chunk(uri: str, text: str, language: str = "go") -> Chunk:
    return Chunk(uri, language, text)


def seen(*chunks: Chunk) -> Ring:
    ring = Ring()
    for each in chunks:
        ring.see(each)
    return ring


@pytest.mark.parametrize(
    ("text", "line", "first", "count"),
    [
        pytest.param(TEXT, 100, 68, CHUNK_LINES, id="round the line"),
        pytest.param(TEXT, 0, 0, CHUNK_LINES, id="the beginning"),
        pytest.param(TEXT, 199, 136, CHUNK_LINES, id="the end"),
        pytest.param(TEXT, 9999, 136, CHUNK_LINES, id="a line that is gone"),
        pytest.param("\n".join(WORDS[:5]).replace("\n", "\r\n"), 2, 0, 5, id="plain newlines"),
    ],
)
def test_a_chunk_is_the_lines_round_a_line(text: str, line: int, first: int, count: int) -> None:
    found = chunk_at("u", "go", text, line)
    assert found is not None and found.text.split("\n") == WORDS[first : first + count]


@pytest.mark.parametrize("text", ["", "one\ntwo", "\n\n \n\n", 'a\nb\nkey = "AKIAIOSFODNN7EXAMPLE"'])
def test_nothing_to_read(text: str) -> None:
    assert chunk_at("u", "go", text, 0) is None


def test_lines_with_key_material_are_left_out() -> None:
    found = chunk_at("u", "go", 'a\nb\npassword = "correct horse"\nc', 1)
    assert found is not None and found.text == "a\nb\nc"


@pytest.mark.parametrize(
    ("one", "two", "like"), [("a b", "b a", 1.0), ("a b", "a c", 0.5), ("a", "b", 0.0), ("", "", 0.0)]
)
def test_likeness(one: str, two: str, like: float) -> None:
    assert likeness(one, two) == like


def test_the_newest_of_two_like_chunks_stays_and_the_order_only_appends() -> None:
    first, second = chunk("a", "x y z " * 10), chunk("b", "k l m " * 10)
    again = chunk("c", "x y z " * 10 + "w")
    assert seen(first, second, again).chunks(16, {"go"}, "d", "") == (second, again)


def test_which_chunks_are_shown() -> None:
    chunks = [chunk(f"u{number}", " ".join(f"w{number}{letter}" for letter in "abcdef")) for number in range(5)]
    ring = seen(*chunks, chunk("page", "p q r", "html"))
    assert ring.chunks(16, {"go"}, "u1", "") == (chunks[0], *chunks[2:]), "not of the document itself, nor of HTML"
    assert ring.chunks(2, {"go"}, "d", "") == tuple(chunks[3:]), "the newest"
    assert ring.chunks(0, {"go"}, "d", "") == ()
    assert ring.chunks(16, {"go"}, "d", chunks[4].text) == tuple(chunks[:4]), "it would only be copied"


def test_it_is_bounded_and_forgets() -> None:
    ring = seen(*(chunk(f"u{number}", f"w{number} x{number}") for number in range(500)))
    assert len(ring.chunks(500, {"go"}, "d", "")) == 64
    ring.forget({"u499"})
    assert "u499" not in {each.uri for each in ring.chunks(500, {"go"}, "d", "")}
