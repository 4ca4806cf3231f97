"""The model of a user's language switches: what it says before it knows anything, what it learns, what it forgets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsp_experts.routing.switches import MAX_CONTEXTS, MAX_FOLLOWERS, MAX_LANGUAGES, MOST_COUNT, Switches


def after(*visits: str) -> Switches:
    """The model of one who was in these languages, one after the other."""
    switches = Switches()
    for language in visits:
        switches.observe(language)
    return switches


def check(switches: Switches, open_languages: Iterable[str], expected: dict[str, float]) -> None:
    found = switches.next_languages(list(open_languages))
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, abs=0.01)


def test_nothing_is_known_and_nothing_open() -> None:
    check(after(), [], {})
    check(after("go"), [], {})
    check(after("go"), ["go"], {})


def test_open_documents_share_half_before_anything_was_learned() -> None:
    check(after(), ["html", "go"], {"go": 0.25, "html": 0.25})
    check(after("go"), ["html", "go", "sql", "sql"], {"html": 0.25, "sql": 0.25})


def test_one_switch_is_a_hint() -> None:
    check(after("go", "html", "go"), ["html", "sql"], {"html": 0.75, "sql": 0.08})


def test_what_followed_counts_though_it_is_closed_now() -> None:
    check(after("go", "html", "go"), [], {"html": 0.67})


def test_the_same_language_again_is_no_switch() -> None:
    assert after("go", "go", "html", "html", "go").counts == after("go", "html", "go").counts


def test_what_is_no_language_is_ignored() -> None:
    switches = after("go", "", "a" * 33, "/home/me", "Türkçe", "two words", "html")
    assert switches.counts == {("go",): {"html": 1.0}}


def test_the_one_before_tells_where_the_round_goes() -> None:
    switches = after(*("go", "html", "go", "sql") * 5, "go", "html", "go")
    likely = switches.next_languages([])
    assert next(iter(likely)) == "sql"
    assert likely["sql"] > 0.8


languages = st.sampled_from(["go", "html", "sql", "css", "python", "rust"])


@settings(deadline=None)
@given(st.lists(languages, max_size=4, unique=True))
def test_back_and_forth_is_learned_within_six_switches(open_languages: list[str]) -> None:
    switches = after(*("go", "html") * 3, "go")
    assert switches.next_languages(open_languages)["html"] > 0.8


rounds = st.lists(languages, min_size=2, max_size=4, unique=True)


@settings(deadline=None)
@example(["sql", "go", "html"] * 60)
@given(st.lists(languages, max_size=300) | st.builds(lambda visits: visits * 60, rounds))
def test_old_habits_are_gone_after_twenty_switches(before: list[str]) -> None:
    switches = after(*before, *("go", "sql") * 10, "go")
    likely = switches.next_languages(["go", "html", "sql"])
    assert next(iter(likely)) == "sql"
    assert likely["sql"] > 0.8


any_language = st.integers(0, 90).map(lambda number: f"language-{number}")


@settings(deadline=None)
@given(st.lists(any_language | languages, max_size=400), st.lists(any_language | languages, max_size=12))
def test_probabilities(visits: list[str], open_languages: list[str]) -> None:
    switches = after(*visits)
    likely = switches.next_languages(open_languages)
    assert all(0 <= probability <= 1 for probability in likely.values())
    assert sum(likely.values()) <= 1 + 1e-9
    assert list(likely.values()) == sorted(likely.values(), reverse=True)
    assert not visits or visits[-1] not in likely
    followed = {then for left, then in itertools.pairwise(visits) if left == visits[-1]}
    assert likely.keys() <= followed | set(open_languages)


@settings(deadline=None)
@given(st.lists(any_language, max_size=600))
def test_bounds(visits: list[str]) -> None:
    counts = after(*visits).counts
    known = {language for context, followers in counts.items() for language in (*context, *followers)}
    assert len(known) <= MAX_LANGUAGES
    assert len(counts) <= MAX_CONTEXTS
    assert all(0 < len(followers) <= MAX_FOLLOWERS for followers in counts.values())
    assert all(count <= MOST_COUNT for followers in counts.values() for count in followers.values())


@settings(deadline=None)
@given(st.lists(languages, max_size=60))
def test_a_new_session_goes_on_where_the_last_one_ended(visits: list[str]) -> None:
    first = after(*visits)
    second = Switches(first.counts)
    assert second.counts == first.counts
    assert list(second.counts) == list(first.counts)
    assert second.next_languages(["go", "html"]) == {"go": 0.25, "html": 0.25}  # nobody is anywhere yet
