"""Once a suggestion is shown, what follows it is computed: whoever accepts it finds the next one without a model.

The prompt goes on where the suggestion ended, so that the KV cache holds nearly all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.answering import known_answer
from lsp_experts.completion.asking import Asked
from lsp_experts.completion.flights import Flights
from lsp_experts.completion.session import Session
from lsp_experts.completion.warming import WARM_PRIORITY
from lsp_experts.routing.chain import Candidate

SPECULATION_PRIORITY = WARM_PRIORITY - 1


@dataclass(frozen=True)
class Offered:
    """A suggestion that was given out: `suggestion` as the session sees it, `text` as the document does."""

    asked: Asked
    candidate: Candidate
    key: str  # whose files made it
    suggestion: Suggestion
    text: str


def speculate(flights: Flights, offered: Offered) -> None:
    """Have what follows `offered` computed, unless it is on its way or known."""
    session, asked = offered.asked.session, _after(offered)
    if flights.asked_for or flights.busy_in(session):
        return
    if known_answer(asked, offered.key) is None:
        flights.start(asked, offered.candidate, offered.key, session=session)


def _after(offered: Offered) -> Asked:
    """The request that follows when all of `offered` is accepted, in a copy of its session."""
    asked, suggestion = offered.asked, offered.suggestion
    text, offset = asked.view.text, asked.offset
    after = text[:offset] + suggestion.text + text[offset + suggestion.replace_right :]
    view = replace(asked.view, text=after)
    session = _copy(asked.session)
    session.update(view)
    return replace(
        asked,
        session=session,
        view=view,
        offset=offset + len(suggestion.text),
        number=session.requests,
        host=session,
        host_view=view,
        manual=False,
        priority=SPECULATION_PRIORITY,
    )


def _copy(session: Session) -> Session:
    return replace(
        session,
        tree=session.tree.copy(),
        anchors=dict(session.anchors),
        contexts=dict(session.contexts),
        renewable=set(),
        running=None,
    )
