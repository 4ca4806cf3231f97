"""A user who types a case's truth into an editor, at his own cadence, and takes what is right.

At each key the document changes and a suggestion is asked for; one that has not come when the next key is due is
superseded, as editors do. What stands on the screen when a key is due may be accepted in its place
(lab/replay_acceptance.py says when); the user needs no time to read.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from lsp_experts.lab.replay_acceptance import Verdict, accept_keys, acceptable, keys, next_key, verdict
from lsp_experts.lab.replay_cases import Case

CADENCE_MS = 180.0
MAX_KEYS = 24  # of a case: a keystroke costs real time
# Gaps between keys are log-normal; of 168,000 people the mean was 239 ms, the deviation 112 (Dhakal et al. 2018).
_SIGMA = 0.45
# People think before a line, and now and then before a word: 1.35 s, the mental operator of Card, Moran and Newell's
# keystroke-level model (1980). How often is our assumption.
_THINK_S = 1.35
_THINKS_BEFORE_WORD = 0.25
_MIN_S, _MAX_S = 0.03, 4.0


@dataclass(frozen=True)
class Ghost:
    """A suggestion on the screen: `text` at the cursor, over `replaced` characters right of it."""

    text: str
    replaced: int = 0


@dataclass(frozen=True)
class Cost:
    """What a case made a model do: requests to it, and tokens, aborted and speculative ones too."""

    model_calls: int
    prompt_tokens: int  # decoded, not those that came from a cache
    decoded_tokens: int  # all that ran through the model: prompt_tokens and generated ones

    def since(self, earlier: Cost) -> Cost:
        """What came on top of `earlier`."""
        return Cost(
            self.model_calls - earlier.model_calls,
            self.prompt_tokens - earlier.prompt_tokens,
            self.decoded_tokens - earlier.decoded_tokens,
        )


Seen = Callable[[Ghost | None, int], None]


class Subject(Protocol):
    """An editor with completion in it, for one user at a time."""

    async def begin(self, case: Case, seen: Seen) -> None:
        """Open the case's document, ready to be typed in: somebody has been working at this place already.

        From now on `seen(ghost, key)` is called when an answer to the state behind key number `key` stands on the
        screen, or is that there is none (None). An answer that comes too late for the screen is not told.
        """
        ...

    def press(self, key: int, text: str, replaced: int = 0) -> None:
        """Key number `key` puts `text` at the cursor, over `replaced` characters; what stood on the screen is gone."""
        ...

    async def end(self) -> Cost:
        """Close the document; what the case cost, once nothing computes for it any more."""
        ...


@dataclass(frozen=True)
class Run:
    """One typed case."""

    case: Case
    keystrokes: int
    entered_keys: int  # keys that what is in the document now would have taken without suggestions
    moments: int  # keys that left something to suggest
    moments_shown: int  # of them, those at which a suggestion stood before the next key
    verdicts: tuple[Verdict, ...]  # of each suggestion, when it appeared
    waits_ms: tuple[float, ...]
    cost: Cost


def gaps_s(case: Case, cadence_ms: float, seed: int) -> tuple[float, ...]:
    """Seconds before each character of the truth: the same for everybody who types this case with this seed."""
    rng = random.Random(f"{seed}:{case.path.name}:{case.offset}:{case.truth}")
    found = []
    for index in range(len(case.truth)):
        thinks = _begins_line(case.truth, index) or (
            _begins_word(case.truth, index) and rng.random() < _THINKS_BEFORE_WORD
        )
        gap = rng.lognormvariate(0.0, _SIGMA) * (_THINK_S if thinks else cadence_ms / 1000)
        found.append(min(max(gap, _MIN_S), _MAX_S))
    return tuple(found)


def _begins_line(text: str, index: int) -> bool:
    return text[:index].rstrip(" \t").endswith("\n")


def _begins_word(text: str, index: int) -> bool:
    return text[index].isalnum() and not text[max(0, index - 1) : index].isalnum()


@dataclass
class _Screen:
    """What the user sees, and how long he has been waiting."""

    case: Case
    clock: Callable[[], float]
    done: int = 0  # characters of the truth that are in the document
    standing: Ghost | None = None
    expected: Ghost | None = None  # what a suggestion that is typed along looks like now: it is not a new one
    verdicts: list[Verdict] = field(default_factory=list)
    waits_ms: list[float] = field(default_factory=list)
    unanswered: list[tuple[int, float]] = field(default_factory=list)  # (key, when it was pressed)

    @property
    def rest(self) -> str:
        return self.case.truth[self.done :]

    def pressed(self, key: int, text: str) -> None:
        known, self.standing = self.standing or self.expected, None
        along = known is not None and known.text != text and known.text.startswith(text)
        self.expected = Ghost(known.text[len(text) :], known.replaced) if known is not None and along else None
        if self.rest:
            self.unanswered.append((key, self.clock()))

    def seen(self, ghost: Ghost | None, key: int) -> None:
        if ghost is not None and ghost != self.expected and ghost != self.standing:
            self.verdicts.append(verdict(ghost.text, ghost.replaced, self.rest, self.case.after))
            if self.unanswered:
                self.waits_ms.append((self.clock() - self.unanswered[0][1]) * 1000)
        self.unanswered = [pair for pair in self.unanswered if pair[0] > key]
        self.standing = ghost

    def leave(self) -> None:
        if self.unanswered:
            self.waits_ms.append((self.clock() - self.unanswered[0][1]) * 1000)


async def type_case(
    subject: Subject,
    case: Case,
    gaps: tuple[float, ...],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    max_keys: int = MAX_KEYS,
) -> Run:
    """Type `case` until it is complete or `max_keys` were pressed.

    A wait runs from the first key that nobody has answered yet to the appearance of a new suggestion: an answered
    silence ends it uncounted, a superseded request does not, and one that the case's end cuts off counts as long as it
    lasted.
    """
    screen = _Screen(case, clock)
    await subject.begin(case, screen.seen)
    pressed = number = entered = moments = moments_shown = 0
    while screen.rest and pressed < max_keys:
        ghost, rest = screen.standing, screen.rest
        text, replaced = acceptable(ghost.text, ghost.replaced, rest, case.after) if ghost is not None else ("", 0)
        cost = accept_keys(text, ghost.text) if ghost is not None else 0
        if keys(text[: len(rest)]) <= cost:
            text, replaced, cost = next_key(rest), 0, 1
        pressed += cost
        entered += keys(text[: len(rest)])
        screen.done += min(len(text), len(rest))
        number += 1
        screen.pressed(number, text)
        subject.press(number, text, replaced)
        if screen.rest:
            await sleep(gaps[screen.done])
            moments += 1
            moments_shown += screen.standing is not None
    screen.leave()
    cost_of_case = await subject.end()
    return Run(
        case,
        pressed,
        entered,
        moments,
        moments_shown,
        tuple(screen.verdicts),
        tuple(screen.waits_ms),
        cost_of_case,
    )
