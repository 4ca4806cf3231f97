"""A HumanEval case as the server would ask an expert."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.completion.anchor import place, prompt_text, usual
from lsp_experts.completion.document import Cursor
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import Complete
from lsp_experts.lab.humaneval import Case
from lsp_experts.settings import Settings
from lsp_experts.syntax.scope import scope_at
from lsp_experts.syntax.tree import SyntaxTree

_LANGUAGE = "python"  # of HumanEval
PATIENT = Settings(time_limit_ms=60_000)  # what an expert says counts here, not how soon


def case_request(
    expert: str, template: FimTemplate | None, case: Case, settings: Settings = PATIENT, partners: tuple[str, ...] = ()
) -> Complete:
    """What stands in the hole, by the product's prompt and stop code. A hidden line is known to be one line."""
    anchored = settings.prompt_style == "anchored"
    anchor = (place if anchored else usual)(case.text, case.offset, settings)
    prompt = prompt_text(anchor, case.text, case.offset)
    cursor = Cursor(case.text, case.offset)
    if case.kind == "single":  # one line, wherever the cursor stands in it
        stop = replace(stop_for(cursor, template, settings), max_lines=1, dedent_below=0)
    else:
        scope = scope_at(SyntaxTree(_LANGUAGE, case.text), case.offset)
        stop = stop_for(cursor, template, settings, scope=scope, language=_LANGUAGE)
    return Complete(
        expert=expert,
        segments=segments(template, prompt.head, prompt.suffix, prompt.tail),
        heal=anchored,
        stop=stop,
        partners=partners,
    )
