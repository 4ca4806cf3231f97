"""What the server needs from the rest: Parts, built for a Host. The server knows nothing else of models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.silence import Silence
from lsp_experts.settings import Settings

if TYPE_CHECKING:  # what completing does not need is imported once the server runs
    from lsp_experts.actions.check.checks import Checks
    from lsp_experts.actions.code_actions import CodeActions
    from lsp_experts.actions.files import Files
    from lsp_experts.actions.generator import Generator
    from lsp_experts.actions.review.document_reviews import DocumentReviews
    from lsp_experts.actions.tasks.run import Tasks

__all__ = ["Build", "Completer", "DocumentView", "Host", "OpenViews", "Parts", "Silence", "Suggestion"]


class Completer(Protocol):
    """Answers for one position at a time; cancelling `complete` cancels the work behind it."""

    async def complete(self, view: DocumentView, offset: int, *, manual: bool) -> Suggestion | Silence:
        """A suggestion for the code point `offset` of `view`; `manual`: the user asked for it."""

    def opened(self, view: DocumentView) -> None:
        """A document was opened."""

    def focused(self, view: DocumentView) -> None:
        """The user looks at this document now."""

    def changed(self, view: DocumentView) -> None:
        """A document has a new version."""

    def closed(self, uri: str) -> None:
        """A document was closed."""

    def shown(self, uri: str, suggestion: Suggestion) -> None:
        """The user sees this suggestion now; told once for each."""

    def configure(self, settings: Settings) -> None:
        """Obey other settings from now on."""

    def status(self) -> dict[str, Any]:
        """What a status bar or a tool may want to know, as JSON."""


class Host(Protocol):
    """What a Completer may do to the server around it; all on the loop's thread."""

    @property
    def workspace_uri(self) -> str:
        """The folder the client works in; the empty string if it named none."""
        ...

    def changed(self) -> None:
        """The status is a different one (an expert loads, is ready, was put out ...)."""

    def loading(self, fractions: Mapping[str, float]) -> None:
        """The experts that are being loaded now, each with how much of it is done (0 to 1); empty: none."""

    def tell(self, message: str) -> None:
        """Show the user a sentence that needs an action; the same one is shown once."""

    def at_exit(self, close: Callable[[], Awaitable[None]]) -> None:
        """Await `close` when the server ends; it has half a second."""


class OpenViews(Protocol):
    """The open documents, as the client described them; all on the loop's thread."""

    def views(self) -> Sequence[DocumentView]:
        """All of them, the one that was used last first."""
        ...


@dataclass(frozen=True)
class Parts:
    """What was built; None: there is no such part in this server."""

    completer: Completer
    actions: CodeActions | None = None
    generator: Generator | None = None
    files: Files | None = None
    tasks: Tasks | None = None
    checks: Checks | None = None
    reviews: DocumentReviews | None = None


Build = Callable[[Settings, Host, OpenViews], Parts]
