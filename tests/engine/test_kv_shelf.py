"""Which saved KV is kept, found and dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lsp_experts.engine.worker.shelf import GAIN_TOKENS, KvShelf, SavedState, common_length, worth_saving

GO, HTML = "go", "html"


def tokens(start: int, count: int = 100) -> tuple[int, ...]:
    return tuple(range(start, start + count))


def state(content: Sequence[int], n_bytes: int = 10) -> SavedState:
    return SavedState(tuple(content), len(content), np.zeros(n_bytes, np.uint8))


def shelf_of(*states: SavedState, owner: str = GO, cap_bytes: int = 1000) -> KvShelf:
    shelf = KvShelf(cap_bytes)
    for one in states:
        shelf.put(owner, one)
    return shelf


@pytest.mark.parametrize(
    ("prompt_length", "shared", "replaced", "expected"),
    [
        (400, 398, False, False),  # a keystroke
        (400, 400, False, False),  # only what was generated goes
        (400, 250, False, False),  # an edit a little above: the same place
        (400, 100, False, True),  # another document
        (400, 1, False, True),
        (80, 20, False, False),  # too little to lose
        (400, 380, True, False),  # what is saved is better, and what goes is little
        (400, 250, True, True),
        (0, 0, True, False),  # an empty cache
    ],
)
def test_what_is_worth_saving(prompt_length: int, shared: int, replaced: bool, expected: bool) -> None:
    assert worth_saving(prompt_length, shared, replaced=replaced) == expected


def test_the_state_that_shares_most_is_found_and_leaves() -> None:
    near, far = state(tokens(0, 90)), state((*tokens(0, 50), *tokens(500, 50)))
    shelf = shelf_of(near, far)
    assert shelf.take_best(GO, tokens(0), 0) is near
    assert shelf.take_best(GO, tokens(0), 0) is far
    assert shelf.take_best(GO, tokens(0), 0) is None


def test_a_state_must_save_decoding_to_be_found() -> None:
    saved = state(tokens(0, 90))
    assert shelf_of(saved).take_best(GO, tokens(0), 90 - GAIN_TOKENS) is saved
    assert shelf_of(saved).take_best(GO, tokens(0), 91 - GAIN_TOKENS) is None
    assert shelf_of(saved).take_best(HTML, tokens(0), 0) is None, "another owner's"


def test_a_longer_version_takes_the_place_of_a_shorter_one() -> None:
    older, newer, other = state(tokens(0, 100)), state((*tokens(0, 80), *tokens(300, 60))), state(tokens(500))
    shelf = shelf_of(older, other, newer)
    assert shelf.bytes_of(GO) == 20
    assert shelf.take_best(GO, tokens(0), 0) is newer


def test_an_owner_keeps_its_newest_four() -> None:
    states = [state(tokens(1000 * number)) for number in range(6)]
    shelf = shelf_of(*states)
    assert shelf.bytes_of(GO) == 40
    assert shelf.take_best(GO, tokens(0), 0) is None
    assert [shelf.take_newest(GO) for _ in range(5)] == [*reversed(states[2:]), None]


def test_the_cap_is_for_all_owners_and_the_longest_unused_leaves() -> None:
    shelf = KvShelf(cap_bytes=100)
    shelf.put(GO, state(tokens(0), 40))
    shelf.put(HTML, state(tokens(0), 40))
    shelf.put(GO, state(tokens(500), 40))
    assert (shelf.total_bytes(), shelf.bytes_of(GO), shelf.bytes_of(HTML)) == (80, 40, 40)
    assert shelf.take_best(GO, tokens(0), 0) is None
    shelf.put(GO, state(tokens(900), 101))
    assert shelf.total_bytes() == 80, "one that is over the cap is not kept, and drives nothing out"
    assert not shelf.takes(101)
    assert not shelf.takes(0)


def test_to_forget_an_owner() -> None:
    shelf = shelf_of(state(tokens(0)), state(tokens(500)))
    shelf.put(HTML, state(tokens(0)))
    shelf.forget(GO)
    assert shelf.owners() == {HTML}
    assert shelf.newest(GO) is None
    assert shelf.newest(HTML) is not None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "abc", 0), ("abc", "abd", 2), ("ab", "abc", 2), ("abc", "abc", 3), ("x", "y", 0)],
)
def test_common_length(one: str, other: str, expected: int) -> None:
    assert common_length([*map(ord, one)], [*map(ord, other)]) == expected
