"""The domains of the documents that are worked on: looked for where an expert for one could answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsp_experts.completion.session import Session
from lsp_experts.completion.workspace import Workspace
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.domains import domains_of


class Domains:
    """Keeps `session.domains` true. `installed` gives the experts of this machine by id."""

    def __init__(
        self, catalogue: Catalogue, installed: Callable[[], Mapping[str, str]], workspace: Callable[[], Workspace]
    ) -> None:
        self._experts = tuple(entry for entry in catalogue.entries.values() if entry.domain is not None)
        self._installed, self._workspace = installed, workspace

    def look(self, session: Session) -> bool:
        """Look again where the text has another number of lines than last time, or something else came to be known;
        whether another expert may be due.

        An import, or what marks a domain, is seldom added without a line.
        """
        installed, workspace, before = self._installed(), self._workspace(), session.domains
        able = [entry for entry in self._experts if entry.id in installed or entry.kind == "remote"]
        if not able:
            return False
        seen = (session.view.text.count("\n"), workspace.frameworks, *(entry.id for entry in able))
        if seen == session.domains_seen:
            return False
        session.domains_seen = seen
        path = workspace.path_of(session.document) or session.document.rpartition("/")[2]
        session.domains = domains_of(able, session.language, session.tree, path, workspace.frameworks)
        return session.domains != before
