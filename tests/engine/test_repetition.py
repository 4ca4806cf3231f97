"""Text that only repeats itself, and text that repeats itself rightly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.engine.repetition import kept_pieces


def pieces(text: str) -> list[str]:
    """Tokens as models cut text: words with the blank before them, single other characters, single digits."""
    return re.findall(r"\n| ?[^\W\d_]+|\d|[^\S\n]+|[^\w\s]|_", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = very" + " very" * 12, "x = very"),
        ("foo(a, b" + ", b" * 15, "foo(a, b"),
        ("a\n" + "  print(x)\n" * 8, "a\n  print(x)\n"),
        ("<li>one</li>\n" * 6, "<li>one</li>\n"),
        ("if a:\n    return None\n    return None\n" + "    return None\n" * 6, "if a:\n    return None\n"),
        ("self.first.second = other.first.second(1, 2)\n" * 4, "self.first.second = other.first.second(1, 2)\n"),
    ],
)
def test_what_only_repeats_is_cut_to_one_occurrence(text: str, expected: str) -> None:
    found = pieces(text)
    kept = kept_pieces(found)
    assert kept is not None
    assert "".join(found[:kept]).rstrip(", \n") == expected.rstrip(", \n")


def test_a_completion_of_ever_more_blanks_ends() -> None:
    assert kept_pieces([" "] * 11) is None
    assert kept_pieces([" "] * 12) == 1
    assert kept_pieces(["x", *[" "] * 12]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 20,
        "\t" * 40,
        ("\n" + " " * 8) * 20,
        "=" * 80,
        "# " + "-" * 80 + "\n# " + "-" * 80,
        "+---+---+---+---+---+---+---+---+---+---+",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n",
        "[1, 0, 0, 0],\n" * 8,
        "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00",
        "1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f",
        "))))))))))))",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z",
        "case 1: return one\ncase 2: return two\ncase 3: return three\ncase 4: return four\ncase 5: return five\n",
        "print(x)\nprint(x)\n",
    ],
)
def test_legitimate_repetition_goes_on(text: str) -> None:
    found = pieces(text)
    assert [kept_pieces(found[:end]) for end in range(len(found) + 1)] == [None] * (len(found) + 1)


@given(st.lists(st.sampled_from(["a", "b", " ", "\n", "(", "1"]), max_size=70))
def test_what_is_kept_is_a_beginning_that_says_it_all(found: list[str]) -> None:
    kept = kept_pieces(found)
    if kept is not None:
        assert 0 < kept < len(found) and set(found) == set(found[:kept])
        assert kept_pieces(found[:kept]) != kept, "one occurrence is no repetition"
