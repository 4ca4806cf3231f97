"""From a model's text to a suggestion worth showing. Pure; cheap enough to run again on every cache hit."""

from __future__ import annotations

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters.change import a_change
from lsp_experts.completion.filters.characters import document_line_breaks, no_trailing_blanks, visible
from lsp_experts.completion.filters.draft import Filter, Filtered, Place
from lsp_experts.completion.filters.headers import no_header_last
from lsp_experts.completion.filters.indentation import in_document_unit, not_indented_twice
from lsp_experts.completion.filters.neighbours import not_the_neighbours
from lsp_experts.completion.filters.overlap import without_overlap
from lsp_experts.completion.filters.repetition import not_repeating_itself
from lsp_experts.completion.filters.rest_of_line import beside_the_rest, closers_covered
from lsp_experts.completion.filters.secrets import no_secrets
from lsp_experts.completion.filters.syntax import no_worse
from lsp_experts.engine.protocol import Choice, CompleteReport
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree

__all__ = ["Filtered", "closers_covered", "filter_text", "whole_lines"]

FILTERS: tuple[Filter, ...] = (
    visible,
    not_indented_twice,
    in_document_unit,
    no_trailing_blanks,
    not_repeating_itself,
    not_the_neighbours,
    without_overlap,
    no_header_last,
    beside_the_rest,
    no_secrets,
    a_change,
    no_worse,
    document_line_breaks,
)


def filter_text(
    text: str,
    cursor: Cursor,
    *,
    tree: SyntaxTree | None = None,
    language: str = "",
    settings: Settings | None = None,
) -> Filtered:
    """The suggestion that `text` makes at `cursor`; `reason` names why there is none.

    Reasons: "empty", "repeats itself", "repeats what follows", "repeats what stands above", "looks like a secret",
    "worse syntax". `tree`: of the cursor's text; without one the syntax is not compared.
    """
    place = Place(cursor, tree, language or (tree.language if tree else ""), settings or Settings())
    draft = Filtered(text)
    for each in FILTERS:
        draft = each(draft, place)
        if draft.reason:
            break
    return draft


def whole_lines(said: CompleteReport | Choice) -> str:
    """What was said; where a limit cut it in the middle of a block, without its unfinished last line."""
    if said.stop in ("tokens", "time", "context", "unsure") and "\n" in said.text.strip("\n"):
        return said.text.rstrip("\n") if said.text.endswith("\n") else said.text[: said.text.rindex("\n")]
    return said.text
