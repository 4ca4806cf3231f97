"""Whether LSP Experts may work on a document at all."""

from __future__ import annotations

from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import off_limits
from lsp_experts.errors import ActionRefused
from lsp_experts.settings import Settings


def check_permission(view: DocumentView, settings: Settings) -> None:
    """ActionRefused where it is switched off, and where the document is left alone."""
    if not settings.enabled:
        raise ActionRefused("LSP Experts is switched off.", remedy="Its setting `enabled` switches it on.")
    if reason := off_limits(view, settings):
        raise ActionRefused(f"LSP Experts leaves this document alone: {reason}.", remedy="See its settings.")
