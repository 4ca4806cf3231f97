"""Saved KV: what an expert knew of earlier prompts, kept as bytes so that a return to them decodes little again.

Pure bookkeeping; expert.py fills it from llama.cpp and gives it back there.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

# 64 MiB are about 5000 tokens of a 0.5B model (12 KiB each) or 2300 of a 1.5B model (28 KiB each): some anchors of
# each of a few experts, in less memory than one more small expert takes.
CAP_BYTES = 64 * 1024 * 1024
ITEMS_PER_OWNER = 4  # anchors that a user goes back and forth between, each the KV of one prompt
GAIN_TOKENS = 32  # decoding fewer costs less than saving or restoring a state


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens the two begin with together."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def worth_saving(prompt_length: int, shared: int, *, replaced: bool) -> bool:
    """Whether a cache that held a prompt of `prompt_length` tokens is saved before all but `shared` of them go.

    `replaced`: by a saved state or one made ahead, so that the prompt is surely another one. Otherwise it may be the
    same text edited a little above the cursor: only a prompt that loses most of itself was about another place. What
    was generated behind the prompt is never worth it, so that a keystroke saves nothing.
    """
    lost = prompt_length - shared
    if replaced:
        return lost >= GAIN_TOKENS
    return lost >= 2 * GAIN_TOKENS and 2 * shared < prompt_length


@dataclass(frozen=True, eq=False)
class SavedState:
    """The state of a sequence: its tokens, how many of them were prompt, and llama.cpp's bytes (a numpy array)."""

    tokens: Sequence[int]
    prompt_length: int
    data: Any

    @property
    def n_bytes(self) -> int:
        """Size of the state, its token list left out."""
        return int(self.data.nbytes)


class KvShelf:
    """Saved states by owner, the longest unused of all leave first.

    One thread changes it; `bytes_of`, `newest` and `total_bytes` may be asked from any.
    """

    def __init__(self, cap_bytes: int = CAP_BYTES, items_per_owner: int = ITEMS_PER_OWNER) -> None:
        self._cap_bytes, self._items_per_owner = cap_bytes, items_per_owner
        self._items: list[tuple[Hashable, SavedState]] = []  # the longest unused first

    def takes(self, n_bytes: int) -> bool:
        """Whether a state of this size would be kept at all: asked before it is copied."""
        return 0 < n_bytes <= self._cap_bytes

    def put(self, owner: Hashable, state: SavedState) -> None:
        """Keep `state` as the owner's newest; states that it makes superfluous leave, then those beyond the caps."""
        if not self.takes(state.n_bytes):
            return
        self._items = [
            (whose, item)
            for whose, item in self._items
            if whose != owner or len(item.tokens) - common_length(item.tokens, state.tokens) >= GAIN_TOKENS
        ]
        own = [item for whose, item in self._items if whose == owner]
        surplus = {id(item) for item in own[: max(0, len(own) + 1 - self._items_per_owner)]}
        self._items = [(whose, item) for whose, item in self._items if id(item) not in surplus]
        self._items.append((owner, state))
        while self.total_bytes() > self._cap_bytes:
            self._items = self._items[1:]

    def take_best(self, owner: Hashable, tokens: Sequence[int], shared: int) -> SavedState | None:
        """The owner's state that shares most with `tokens`, if clearly more than `shared`; it leaves the shelf."""
        best, most = None, shared + GAIN_TOKENS - 1
        for whose, item in self._items:
            length = common_length(item.tokens, tokens) if whose == owner else 0
            if length > most:
                best, most = item, length
        self._remove(best)
        return best

    def take_newest(self, owner: Hashable) -> SavedState | None:
        """The owner's newest state; it leaves the shelf."""
        newest = self.newest(owner)
        self._remove(newest)
        return newest

    def newest(self, owner: Hashable) -> SavedState | None:
        """The owner's newest state, which stays."""
        own = [item for whose, item in self._items if whose == owner]
        return own[-1] if own else None

    def forget(self, owner: Hashable) -> None:
        """Drop all that is saved for an owner."""
        self._items = [(whose, item) for whose, item in self._items if whose != owner]

    def owners(self) -> set[Hashable]:
        """Whose states are here."""
        return {whose for whose, _ in self._items}

    def bytes_of(self, owner: Hashable) -> int:
        """Bytes saved for an owner."""
        return sum(item.n_bytes for whose, item in self._items if whose == owner)

    def total_bytes(self) -> int:
        """Bytes saved for all."""
        return sum(item.n_bytes for _, item in self._items)

    def _remove(self, state: SavedState | None) -> None:
        self._items = [(whose, item) for whose, item in self._items if item is not state]
