"""What is kept of an open document, or of one region in it, between two requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_experts.completion.anchor import Anchor, holds, place, usual
from lsp_experts.completion.context import Excerpt
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.reuse import Remembered
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree


@dataclass
class Session:
    """One open document: the newest view, its tree, the frozen prompt per expert, the last suggestions, the request
    that runs. A region's session is one of a document that holds just the region's text.

    A document that loses the focus keeps all of it, so that the return to it decodes (almost) nothing again.
    """

    view: DocumentView
    language: str  # the one that experts are chosen by
    tree: SyntaxTree
    document: str  # URI of the document; of a region, the one that it stands in
    anchors: dict[str, Anchor] = field(default_factory=dict)
    contexts: dict[str, tuple[Excerpt, ...]] = field(default_factory=dict)  # frozen with the first anchor
    renewable: set[str] = field(default_factory=set)  # experts whose context may be chosen anew at the next prompt
    changes_elsewhere: int = 0  # WorkingMemory.changes_elsewhere when the contexts were last looked at
    remembered: tuple[Remembered, ...] = ()
    running: Call[CompleteReport] | None = None
    offset: int | None = None  # where the last request was made
    requests: int = 0
    deleting: bool = False  # the last change made it shorter
    domains: Mapping[str, int] = field(default_factory=dict)  # what its imports, marks and files say, by rank
    domains_seen: tuple[object, ...] = ()  # what they were found by

    @classmethod
    def of(cls, view: DocumentView, language: str, document: str = "", syntax: str = "") -> Session:
        """A session that begins with `view`; `document` and `syntax` where they are others than its own."""
        return cls(view, language, SyntaxTree(syntax or language, view.text), document or view.uri)

    def update(self, view: DocumentView) -> None:
        """The document has this version now."""
        if view != self.view:
            self.deleting = len(view.text) < len(self.view.text)
            self.view = view
            self.tree.update(view.text)

    def anchor_for(self, expert: str, offset: int, settings: Settings, fitted: Settings) -> Anchor:
        """The anchor of `expert` if it still holds at `offset`, else a new one by `fitted`, which is kept."""
        if settings.prompt_style == "usual":
            return usual(self.view.text, offset, settings)
        known = self.anchors.get(expert)
        if known is None or not holds(known, self.view.text, offset, settings):
            known = self.anchors[expert] = place(self.view.text, offset, fitted)
        return known

    def begin(self, offset: int) -> int:
        """A request at `offset` begins; its number. It is superseded when `requests` is another one."""
        self.supersede()
        self.offset = offset
        return self.requests

    def supersede(self) -> None:
        """Nobody waits for earlier requests any more: the running one ends, its decoded prompt stays useful."""
        self.requests += 1
        if self.running is not None:
            self.running.cancel(keep_prefill=True)
            self.running = None
