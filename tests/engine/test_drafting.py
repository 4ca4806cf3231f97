"""Guesses from what followed the same tokens before, and how far they are trusted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.engine.worker.drafting import MOST, Lookup, Trust


class Blind(Trust):
    """Checks all that it may."""

    def worth(self, match: int, most: int) -> int:
        return most


def after(text: str, most: int = MOST, trust: Trust | None = None) -> str:
    """What is guessed behind `text`, whose characters are the tokens."""
    lookup = Lookup([ord(letter) for letter in text[:-1]], trust or Blind())
    lookup.push(ord(text[-1]))
    return "".join(map(chr, lookup.guess(most, lambda guess: guess)))


def test_the_longest_match_speaks_and_of_those_the_latest() -> None:
    assert after("abcdefg...bc") == "defg...bc"
    assert after("abcX zbcY abc") == "X zbcY abc"
    assert after("abcX abcY abc") == "Y abc"
    assert after("abc", most=5) == ""
    assert after("abcdefg...bc", most=2) == "de"
    assert len(after("ab" + "x" * 40 + "ab")) == MOST


def test_useless_guesses_are_left_out() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 1], Blind())
    lookup.push(2)
    assert lookup.guess(9, lambda guess: guess[:2]) == [3, 4]
    assert lookup.guess(-1, lambda guess: guess) == []


def test_a_guess_that_comes_true_goes_on() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 9, 1], Blind())
    lookup.push(2)
    lookup.push(3)
    assert lookup.guess(2, lambda guess: guess) == [4, 5]
    lookup.push(8)
    assert lookup.guess(2, lambda guess: guess) == []


def test_who_was_wrong_is_asked_less() -> None:
    """Down to nothing; and trust comes back without any decode, since guesses are judged all the same."""
    trust = Trust()
    sizes = []
    for right in [False] * 30 + [True] * 60:
        trust.learn(3, right)
        sizes.append(trust.worth(3, MOST))
    assert sizes[29] == 0
    assert sizes[-1] == MOST
    assert set(sizes) <= {0, 1, 3, 7, MOST}, "5 tokens cost as much as 6"
    assert (Trust().worth(3, 7), Trust().worth(2, 7), Trust().worth(3, 0)) == (3, 1, 0)


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(-2, 20))
def test_guesses_are_what_stood_there(tokens: list[int], most: int) -> None:
    lookup = Lookup([], Blind())
    for token in tokens:
        lookup.push(token)
    guess = lookup.guess(most, lambda found: found)
    assert len(guess) <= max(0, most)
    if guess:
        wanted = [*tokens[-2:], *guess]
        assert any(tokens[at : at + len(wanted)] == wanted for at in range(len(tokens)))
