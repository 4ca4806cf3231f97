"""Which experts may do an action, the best first. Pure."""

from __future__ import annotations

from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Candidate, Chain

PULL_INSTRUCT = "`lsp-experts pull qwen2.5-coder-0.5b` installs one."
PULL_FIM = "`lsp-experts experts` lists those that can be pulled for it."


def able_to_fill(route: Chain, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The candidates whose family may know how to fill a hole."""
    return tuple(each for each in route.candidates if catalogue.get(each.expert).fim != "none")


def able_to_follow(route: Chain, catalogue: Catalogue, *, prose: bool = False) -> tuple[Candidate, ...]:
    """The candidates that follow instructions.

    For `prose` the general ones come first, since a carved expert lost words that code does not need, and an
    interpreter is the last resort. What is made to be one edits nothing: of nine functions to simplify SmolLM2-135M
    got two right, and a wrong answer passed every check.
    """
    able = [each for each in route.candidates if catalogue.chat_of(each.expert) != "none"]
    if not prose:
        return tuple(each for each in able if not catalogue.get(each.expert).interpreter)
    return tuple(sorted(able, key=lambda each: _rank_in_prose(each, catalogue)))


def _rank_in_prose(candidate: Candidate, catalogue: Catalogue) -> int:
    entry, reason = catalogue.get(candidate.expert), candidate.reason
    if reason == "measured" and "*" in entry.languages:  # what an expert completes best says nothing of its prose
        reason = "interpreter" if entry.interpreter else "general"
    return {"general": 0, "interpreter": 2}.get(reason, 1)
