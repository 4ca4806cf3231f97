"""The order of steps: experts change as little as possible, and nothing else changes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.actions.tasks.order import ordered, swaps
from lsp_experts.actions.tasks.split import Step

EXPERTS = {"a.go": "go", "b.go": "go", "a.html": "html", "a.css": "css", "a.txt": ""}


def check(uris: str, expected: str, first: str, count: int) -> None:
    found = ordered([Step(uri, "x") for uri in uris.split()], EXPERTS, first)
    assert " ".join(step.uri for step in found) == expected
    assert swaps(found, EXPERTS, first) == count


def test_steps_of_one_expert_stand_together_and_the_one_that_is_there_begins() -> None:
    check("a.html a.go a.css b.go a.html", "a.go b.go a.html a.html a.css", "go", 2)
    check("a.html a.go a.html", "a.html a.html a.go", "css", 2)
    check("a.go b.go", "a.go b.go", "go", 0)


@given(st.lists(st.sampled_from(sorted(EXPERTS)), max_size=12), st.sampled_from(sorted(set(EXPERTS.values()))))
def test_never_more_swaps_and_always_the_same_steps(uris: list[str], first: str) -> None:
    given_steps = [Step(uri, str(number)) for number, uri in enumerate(uris)]
    found = ordered(given_steps, EXPERTS, first)
    assert Counter(found) == Counter(given_steps)
    assert swaps(found, EXPERTS, first) <= swaps(given_steps, EXPERTS, first)
    assert swaps(found, EXPERTS, first) == len({EXPERTS[uri] for uri in uris} - {first})
    for uri in set(uris):
        numbers = [int(step.instruction) for step in found if step.uri == uri]
        assert numbers == sorted(numbers)
