"""Code actions of one server: what is offered at a selection, and the run of what was chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.choosing import PULL_FIM, PULL_INSTRUCT
from lsp_experts.actions.files import Files
from lsp_experts.actions.generator import Generator
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.permission import check_permission
from lsp_experts.actions.place import Place, Problem
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import off_limits
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.errors import ActionRefused
from lsp_experts.routing.regions import Region
from lsp_experts.settings import Settings


@dataclass(frozen=True)
class Offered:
    """An entry of the menu. `disabled`: why it cannot be chosen on this machine, "" if it can."""

    action: str
    offer: Offer
    disabled: str = ""


class CodeActions:
    """All methods belong to one event loop; only `run` waits. Offsets of its arguments count in the document."""

    def __init__(
        self,
        actions: Sequence[Action],
        *,
        documents: OpenDocuments,
        generator: Generator,
        files: Files,
        settings: Callable[[], Settings],
    ) -> None:
        self._actions = {action.name: action for action in actions}
        self._documents, self._generator, self._files, self._settings = documents, generator, files, settings

    @property
    def names(self) -> tuple[str, ...]:
        """The actions, in the order of the menu."""
        return tuple(self._actions)

    def offers(
        self, view: DocumentView, start: int, end: int, problems: Sequence[Problem] = (), only: Sequence[str] = ()
    ) -> tuple[Offered, ...]:
        """What may be chosen for the selection; no model is asked. `only`: kinds the client wants, all below them too.

        Nothing where completion is off for the document.
        """
        settings = self._settings()
        if not settings.enabled or off_limits(view, settings):
            return ()
        place, _ = self._place(view, start, end, problems)
        found: list[Offered] = []
        for action in self._actions.values():
            disabled = self._missing(action, place)
            found += [
                Offered(action.name, replace(offer, fixes=_asked_for(offer, place, problems)), disabled)
                for offer in action.offers(place, self._files)
                if not only or any(_is_below(offer.kind, kind) for kind in only)
            ]
        return tuple(found)

    async def run(
        self,
        name: str,
        view: DocumentView,
        start: int,
        end: int,
        problems: Sequence[Problem] = (),
        *,
        data: Mapping[str, Any] | None = None,
        progress: Callable[[str], None],
    ) -> Outcome:
        """Do it. ActionRefused says why not; nothing is changed by this, the outcome is for the caller to apply.

        Without `data` it is the first offer there.
        """
        action = self._actions.get(name)
        if action is None:
            raise ActionRefused(f"There is no code action {name!r:.40}.", remedy=f"Known: {', '.join(self._actions)}.")

        async def work(place: Place) -> Outcome:
            offered = action.offers(place, self._files)
            if not offered:
                raise ActionRefused("This code action finds nothing to work on here.", remedy="Select something else.")
            if disabled := self._missing(action, place):
                raise ActionRefused(disabled)
            chosen = offered[0].data if data is None else data
            return await action.run(Job(place, chosen, self._files, self._generator, progress))

        return await self.at(view, start, end, work, problems)

    async def at(
        self,
        view: DocumentView,
        start: int,
        end: int,
        work: Callable[[Place], Awaitable[Outcome]],
        problems: Sequence[Problem] = (),
    ) -> Outcome:
        """What `work` gives at a place, counted in the document. ActionRefused where the document is left alone."""
        check_permission(view, self._settings())
        place, region = self._place(view, start, end, problems)
        outcome = await work(place)
        if not isinstance(outcome, Edited) or region is None:
            return outcome
        return _in_document(outcome, place.view.uri, region)

    def _missing(self, action: Action, place: Place) -> str:
        """What the machine lacks for it, as a sentence."""
        if action.need == "fim" and not self._generator.can_fill(place.language):
            return f"No installed expert fills in {place.language}: {PULL_FIM}"
        prose = action.need == "prose"
        if (prose or action.need == "instruct") and not self._generator.can_follow(place.language, prose=prose):
            return f"No installed expert follows instructions well enough: {PULL_INSTRUCT}"
        return ""

    def _place(
        self, view: DocumentView, start: int, end: int, problems: Sequence[Problem]
    ) -> tuple[Place, Region | None]:
        """The selection as actions see it: in its region, where that stands in the document letter for letter."""
        start, end = max(0, min(start, end)), min(max(start, end), len(view.text))
        regions = self._settings().regions
        first, last = (self._documents.spot(view, offset, regions=regions) for offset in (start, end))
        session, origin = self._documents.update(view), 0
        region = first.region if first is not None else None
        as_it_is = region is not None and view.text[region.start : region.end] == region.text
        if first is not None and last is not None and first.session is last.session and region and as_it_is:
            session, origin = first.session, region.start
        else:
            region = None
        moved = [replace(each, start=each.start - origin, end=each.end - origin) for each in problems]
        inside = tuple(each for each in moved if each.start >= 0 and each.end <= len(session.view.text))
        place = Place(view, session.tree.copy(), session.language, start - origin, end - origin, origin, inside)
        return place, region


def _in_document(edited: Edited, uri: str, region: Region) -> Edited:
    """Changes of the place's own document are counted in its region; the client counts in the document.

    ActionRefused where the document would read a new text otherwise: "</script>" ends a script, in a string too.
    """
    moved: list[Change] = []
    for change in edited.changes:
        if change.uri == uri:
            if region.spoken(change.new_text, change.start, change.end - change.start) is None:
                raise ActionRefused("The new code cannot stand where it belongs in this file; nothing was changed.")
            change = replace(change, start=change.start + region.start, end=change.end + region.start)
        moved.append(change)
    return replace(edited, changes=tuple(moved))


def _asked_for(offer: Offer, place: Place, problems: Sequence[Problem]) -> tuple[int, ...]:
    """The problems that the offer fixes as indices of `problems`, of which the place may have left some out."""
    fixed = (place.problems[index] for index in offer.fixes)
    moved = (replace(each, start=each.start + place.origin, end=each.end + place.origin) for each in fixed)
    return tuple(problems.index(each) for each in moved)


def _is_below(kind: str, wanted: str) -> bool:
    return not wanted or kind == wanted or kind.startswith(f"{wanted}.")
