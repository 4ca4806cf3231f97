"""Which language this user goes to next, learned from the switches before. Pure: no clock, no IO."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

MAX_LANGUAGES = 64
MAX_CONTEXTS = 128
MAX_FOLLOWERS = 8  # per context, so that what is saved stays below 64 KiB
DECAY = 0.8  # of a context's counts at each switch away from it: three switches halve a habit, ten leave a tenth
MOST_COUNT = 1 / (1 - DECAY)  # what a count comes to that goes up at every switch
LEAST_COUNT = 0.01  # less is forgotten
SMOOTHING = 0.5  # how many switches the shorter context is worth
OPEN_SHARE = 0.5  # of the probability, for what is open, when nothing was learned

LANGUAGE = re.compile(r"[a-z0-9][a-z0-9_+#.-]{0,31}")

Context = tuple[str, ...]  # the language left, or the one before it and that one


class Switches:
    """Counts which language followed which, by the last language and by the last two.

    Older switches weigh less, by count and not by time: a week of holidays changes no habit.
    """

    def __init__(self, counts: Mapping[Context, Mapping[str, float]] = MappingProxyType({})) -> None:
        """With the counts of an earlier session, the least recent context first; what is over a bound is left out."""
        self._counts: dict[Context, dict[str, float]] = {}
        self._languages: dict[str, None] = {}  # the least recent first
        self._recent: Context = ()  # the language before, the current one
        for context, followers in counts.items():
            for language in (*context, *followers):
                self._meet(language)
            self._counts[context] = _heaviest(followers)
        self._prune()

    @property
    def counts(self) -> Mapping[Context, Mapping[str, float]]:
        """All that was learned, the least recent context first."""
        return MappingProxyType(self._counts)

    def observe(self, language: str) -> bool:
        """The user is in a document of this language now; the same one again is no switch. Not an id: ignored.

        Whether something was learned.
        """
        current = self._recent[-1] if self._recent else None
        if language == current or not LANGUAGE.fullmatch(language):
            return False
        contexts = self._contexts()
        for context in contexts:
            self._count(context, language)
        self._recent = (*self._recent, language)[-2:]
        self._meet(language)
        self._prune()
        return bool(contexts)

    def next_languages(self, open_languages: Collection[str]) -> dict[str, float]:
        """How likely each language is the next one, the likeliest first; never the current one, 1 in all at most.

        `open_languages`: those that the user has open, so that they count before anything was learned. A language that
        is neither open nor followed the current one has no probability.
        """
        current = self._recent[-1] if self._recent else None
        others = set(open_languages) - {current}
        likely = {language: OPEN_SHARE / len(others) for language in others}
        for context in self._contexts():
            likely = _with_counts(self._counts.get(context, {}), likely)
        return dict(sorted(likely.items(), key=lambda item: (-item[1], item[0])))

    def _contexts(self) -> list[Context]:
        """Those that the next switch leaves, the shorter first."""
        return [self._recent[-length:] for length in range(1, len(self._recent) + 1)]

    def _count(self, context: Context, language: str) -> None:
        older = self._counts.pop(context, {})  # and so it comes last
        followers = {other: count * DECAY for other, count in older.items() if count * DECAY >= LEAST_COUNT}
        followers[language] = followers.get(language, 0.0) + 1
        self._counts[context] = _heaviest(followers)

    def _meet(self, language: str) -> None:
        self._languages.pop(language, None)
        self._languages[language] = None

    def _prune(self) -> None:
        while len(self._languages) > MAX_LANGUAGES:
            self._forget(next(iter(self._languages)))
        while len(self._counts) > MAX_CONTEXTS:
            del self._counts[next(iter(self._counts))]

    def _forget(self, language: str) -> None:
        del self._languages[language]
        self._counts = {
            context: kept
            for context, followers in self._counts.items()
            if language not in context
            and (kept := {other: count for other, count in followers.items() if other != language})
        }


def _heaviest(followers: Mapping[str, float]) -> dict[str, float]:
    heaviest = sorted(followers.items(), key=lambda item: (-item[1], item[0]))
    return dict(heaviest[:MAX_FOLLOWERS])


def _with_counts(counts: Mapping[str, float], shorter: Mapping[str, float]) -> dict[str, float]:
    """Counts smoothed by what the shorter context says."""
    total = sum(counts.values()) + SMOOTHING
    languages = counts.keys() | shorter.keys()
    return {
        language: (counts.get(language, 0.0) + SMOOTHING * shorter.get(language, 0.0)) / total for language in languages
    }
