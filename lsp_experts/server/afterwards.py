"""What becomes of suggestions: shown, accepted, partly accepted, typed, still in the code later.

Clients may tell (textDocument/didShowCompletion, didPartiallyAcceptCompletion, the command lspExperts.accepted); for
those that do not, it is inferred from the edits. All of it is bounded, and nothing of it outlives a document.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from datetime import date
from itertools import count

from lsp_experts.completion.acceptance import taken
from lsp_experts.completion.kept import moved, still_there
from lsp_experts.routing.switches import LANGUAGE
from lsp_experts.server.answers import Answer
from lsp_experts.server.offer import Kind, Offer
from lsp_experts.server.ports import Silence, Suggestion
from lsp_experts.server.positions import code_points
from lsp_experts.server.questions import Place
from lsp_experts.server.statistics_file import Record
from lsp_experts.server.timers import CallLater, call_later
from lsp_experts.syntax.difference import common_head, common_tail

SEEN_AFTER_S = 0.05  # a client that is not disturbed has drawn it by then
SHOWN_AFTER_S = 0.25  # shorter than that nobody reads it (Continue counts so)
GIVEN_UP_AFTER_S = 10.0  # a client may tell of an acceptance later than of the edit (Continue waits as long)
LOOK_AFTER_S = (30.0, 300.0)  # is it still in the code? (two of GitHub Copilot's five times)
MOST_OFFERS = 64

_LOG = logging.getLogger(__name__)


def _today() -> str:
    return date.today().isoformat()


class Afterwards:
    """Follows what was suggested. `record` takes a day and what became of one suggestion that was shown then.

    `seen` is told of a document's URI and a suggestion, once, as soon as the suggestion is on the screen; `changed`
    that the counts are different ones. While `counting()` is false, nothing is counted or recorded.
    """

    def __init__(
        self,
        record: Callable[[str, Record], None],
        seen: Callable[[str, Suggestion], None],
        changed: Callable[[], None],
        counting: Callable[[], bool],
        later: CallLater = call_later,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], str] = _today,
    ) -> None:
        self._record, self._seen, self._changed, self._counting = record, seen, changed, counting
        self._later, self._clock, self._today = later, clock, today
        self._offers: list[Offer] = []  # the oldest first
        self._ids: dict[str, tuple[Offer, int]] = {}  # with how much of its text stood there when the client got it
        self._texts: dict[str, str] = {}  # of the documents in which something was offered
        self._telling: set[Kind] = set()  # of these the client says itself when it shows one
        self._session, self._numbers = secrets.token_hex(4), count(1)
        self.counts = {"shown": 0, "accepted": 0, "acceptedChars": 0}

    # What the server does

    def offer(self, answer: Answer, place: Place | Silence, kind: Kind) -> tuple[str, ...]:
        """The client gets this answer now; an id for each of its suggestions."""
        if isinstance(answer, Silence) or isinstance(place, Silence):
            return ()
        uri = place.document.uri
        offers = [self._offered(suggestion, place, kind) for suggestion in (answer, *answer.others)]
        self._texts[uri] = place.document.text
        for offer in self._of(uri):
            if offer.live and offer.kind == kind and offer not in offers:
                self._withdraw(offer)
        best = offers[0]
        if not best.seen and best.timer is None and kind not in self._telling:
            self._after(best, SEEN_AFTER_S, self._is_drawn)
        return tuple(offer.ids[len(offer.how)] for offer in offers)

    def edited(self, uri: str, text: str) -> None:
        """The document has this text now."""
        old = self._texts.get(uri)
        if old is None or old == text:
            return
        self._texts[uri] = text
        went_on = self._taken(uri, old, text)
        start = common_head(old, text)
        old_end = len(old) - common_tail(old, text, min(len(old), len(text)) - start)
        for offer in self._of(uri):
            if offer not in went_on:
                offer.at = moved(offer.at, start, old_end, len(text) - len(old))

    def closed(self, uri: str) -> None:
        """The document was closed: what is not known yet will not be."""
        for offer in self._of(uri):
            self._settle(offer)

    def close(self) -> None:
        """The server ends."""
        for offer in tuple(self._offers):
            self._settle(offer)

    # What the client tells

    def shown(self, item_id: str) -> None:
        """It shows this suggestion."""
        if (known := self._known(item_id)) is not None:
            offer, _ = known
            self._telling.add(offer.kind)
            if offer.live and not offer.accepted_chars:
                self._stop(offer)
                self._is_seen(offer)
            self._is_shown(offer)

    def accepted(self, item_id: str) -> None:
        """The user accepted all of this suggestion."""
        if (known := self._known(item_id)) is not None:
            offer, start = known
            self._accept(offer, start, len(offer.text) - start)

    def partly_accepted(self, item_id: str, utf16_units: int) -> None:
        """The user accepted so much of what this item inserts, counted from its start."""
        if utf16_units <= 0:
            _LOG.info("the client told of an accepted part without its length")
        elif (known := self._known(item_id)) is not None:
            offer, start = known
            self._accept(offer, start, code_points(offer.text[start:], utf16_units, "utf-16"))

    def _known(self, item_id: str) -> tuple[Offer, int] | None:
        known = self._ids.get(item_id)
        if known is None:
            _LOG.info("the client told of a suggestion that is not known, or not any more")
        return known

    # One suggestion's way

    def _offered(self, suggestion: Suggestion, place: Place, kind: Kind) -> Offer:
        uri, at, text = place.document.uri, place.start, place.selected + suggestion.text
        for offer in self._of(uri):
            if offer.live and offer.cursor == at and offer.rest == text:  # the user types it, or it came twice
                offer.latest = suggestion
                break
        else:
            offer = self._new(suggestion, place, kind)
        start = len(offer.how)
        if start not in offer.ids:
            offer.ids[start] = f"{self._session}-{next(self._numbers)}"
            self._ids[offer.ids[start]] = (offer, start)
        return offer

    def _new(self, suggestion: Suggestion, place: Place, kind: Kind) -> Offer:
        if len(self._offers) >= MOST_OFFERS:
            self._settle(next((each for each in self._offers if not each.accepted_chars), self._offers[0]))
        language = (suggestion.language or place.document.language).lower()
        offer = Offer(
            uri=place.document.uri,
            kind=kind,
            language=language if LANGUAGE.fullmatch(language) else "other",  # a client may say anything
            day=self._today(),
            latency_ms=(self._clock() - place.asked_s) * 1000,
            made=suggestion,
            latest=suggestion,
            at=place.start,
            text=place.selected + suggestion.text,
        )
        self._offers.append(offer)
        return offer

    def _taken(self, uri: str, old: str, new: str) -> list[Offer]:
        """Let the edit act on what may be on the screen; the offers that it went along with."""
        live = [offer for offer in self._of(uri) if offer.live]
        fitting = [(offer, found) for offer in live if (found := taken(old, new, offer.cursor, offer.rest))]
        accepted = [pair for pair in fitting if pair[1].accepted]
        if accepted:
            fitting = [max(accepted, key=lambda pair: pair[1].chars == len(pair[0].rest))]
        for offer, found in fitting:
            if found.accepted:
                self._accept(offer, len(offer.how), found.chars)
            else:
                offer.take(len(offer.how), found.chars, accepted=False)
        went_on = [offer for offer, _ in fitting]
        for offer in live:
            if offer not in went_on or not offer.rest:
                self._withdraw(offer)
        return went_on

    def _accept(self, offer: Offer, start: int, chars: int) -> None:
        before = offer.accepted_chars
        offer.take(start, chars, accepted=True)
        if offer.accepted_chars == before:
            return
        self._is_shown(offer)
        self._count("acceptedChars", offer.accepted_chars - before)
        if not before:
            self._count("accepted")
            self._after(offer, LOOK_AFTER_S[0], self._look_first)

    def _withdraw(self, offer: Offer) -> None:
        """It is not on the screen any more."""
        offer.live = False
        if not offer.accepted_chars:
            self._after(offer, GIVEN_UP_AFTER_S, self._settle)

    def _is_drawn(self, offer: Offer) -> None:
        self._after(offer, SHOWN_AFTER_S - SEEN_AFTER_S, self._is_shown)
        self._is_seen(offer)

    def _is_seen(self, offer: Offer) -> None:
        if not offer.seen:
            offer.seen = True
            self._seen(offer.uri, offer.latest)

    def _is_shown(self, offer: Offer) -> None:
        if not offer.shown:
            offer.shown = True
            self._count("shown")

    def _look_first(self, offer: Offer) -> None:
        offer.kept_30 = self._still_there(offer)
        self._after(offer, LOOK_AFTER_S[1] - LOOK_AFTER_S[0], self._look_again)

    def _look_again(self, offer: Offer) -> None:
        offer.kept_300 = self._still_there(offer)
        self._settle(offer)

    def _still_there(self, offer: Offer) -> bool:
        return still_there(self._texts[offer.uri], *offer.accepted_text)

    def _settle(self, offer: Offer) -> None:
        """Nothing more can become of it."""
        self._stop(offer)
        offer.live = False
        self._offers.remove(offer)
        for item_id in offer.ids.values():
            del self._ids[item_id]
        if not any(other.uri == offer.uri for other in self._offers):
            self._texts.pop(offer.uri, None)
        if offer.shown and self._counting():
            self._record(offer.day, _record_of(offer))

    # Bookkeeping

    def _of(self, uri: str) -> list[Offer]:
        return [offer for offer in self._offers if offer.uri == uri]

    def _after(self, offer: Offer, seconds: float, act: Callable[[Offer], None]) -> None:
        self._stop(offer)

        def due() -> None:
            offer.timer = None
            act(offer)

        offer.timer = self._later(seconds, due)

    def _stop(self, offer: Offer) -> None:
        if offer.timer is not None:
            offer.timer.cancel()
            offer.timer = None

    def _count(self, what: str, number: int = 1) -> None:
        if self._counting():
            self.counts[what] += number
            self._changed()


def _record_of(offer: Offer) -> Record:
    made = offer.made
    return Record(
        language=offer.language,
        expert=made.expert,
        identity=made.identity[:16],
        kind=offer.kind,
        outcome=offer.outcome,
        lines=len(offer.text.splitlines()),
        chars=len(offer.text),
        accepted_chars=offer.accepted_chars,
        latency_ms=round(offer.latency_ms),
        reused=made.reused,
        probability=round(min(max(made.joint_probability, 0.0), 1.0), 4),
        kept_30=offer.kept_30,
        kept_300=offer.kept_300,
    )
