"""A held-out place as the server would ask an expert: of HumanEval, or of any file."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.completion.anchor import place, prompt_text, usual
from lsp_experts.completion.document import Cursor
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import Complete, Score, Segment, Stop
from lsp_experts.lab.humaneval import Case
from lsp_experts.lab.replay_cases import Case as FileCase
from lsp_experts.lab.replay_cases import Hole
from lsp_experts.settings import Settings
from lsp_experts.syntax.scope import scope_at
from lsp_experts.syntax.tree import SyntaxTree

_LANGUAGE = "python"  # of HumanEval
PATIENT = Settings(time_limit_ms=60_000)  # what an expert says counts here, not how soon


def case_request(
    expert: str, template: FimTemplate | None, case: Case, settings: Settings = PATIENT, partners: tuple[str, ...] = ()
) -> Complete:
    """What stands in the hole, by the product's prompt and stop code. A hidden line is known to be one line."""
    cursor = Cursor(case.text, case.offset)
    if case.kind == "single":  # one line, wherever the cursor stands in it
        stop = replace(stop_for(cursor, template, settings), max_lines=1, dedent_below=0)
    else:
        scope = scope_at(SyntaxTree(_LANGUAGE, case.text), case.offset)
        stop = stop_for(cursor, template, settings, scope=scope, language=_LANGUAGE)
    return _request(expert, template, cursor, stop, settings, partners)


def file_request(
    expert: str, template: FimTemplate | None, case: FileCase, tree: SyntaxTree, settings: Settings = PATIENT
) -> Complete:
    """As case_request, for a hole of any file. `tree`: of the case's text. All but a block is known to be one line."""
    cursor = Cursor(case.text, case.offset)
    stop = stop_for(
        cursor,
        template,
        settings if case.kind == "block" else replace(settings, blocks=False),
        scope=scope_at(tree, case.offset),
        language=case.language,
    )
    return _request(expert, template, cursor, stop, settings)


def file_score(expert: str, template: FimTemplate | None, case: FileCase, settings: Settings = PATIENT) -> Score:
    """How likely are the hole's whole lines, from the first one's start on, behind the prompt that file_request makes?

    What stands right of the cursor is in that prompt, so it is not asked.
    """
    cursor = Cursor(case.text, case.offset)
    prompt = _prompt(template, cursor, settings, cursor.line_start)
    return Score(expert, prompt, (cursor.before + case.truth,))


def written_prompt(text: str, hole: Hole, template: FimTemplate | None, settings: Settings) -> tuple[Segment, ...]:
    """The prompt at a hole of `text` with what was held out behind it: what a model reads of a right answer."""
    left = text[: hole.start] + text[hole.end :]
    prompt = prompt_text(place(left, hole.start, settings), left, hole.start)
    return segments(template, prompt.head, prompt.suffix, prompt.tail + text[hole.start : hole.end])


def _request(
    expert: str,
    template: FimTemplate | None,
    cursor: Cursor,
    stop: Stop,
    settings: Settings,
    partners: tuple[str, ...] = (),
) -> Complete:
    return Complete(
        expert=expert,
        segments=_prompt(template, cursor, settings, cursor.offset),
        heal=settings.prompt_style == "anchored",
        stop=stop,
        partners=partners,
    )


def _prompt(template: FimTemplate | None, cursor: Cursor, settings: Settings, end: int) -> tuple[Segment, ...]:
    """The prompt of a cursor, with what stands left of it only up to `end`."""
    anchored = settings.prompt_style == "anchored"
    anchor = (place if anchored else usual)(cursor.text, cursor.offset, settings)
    prompt = prompt_text(anchor, cursor.text, end)
    head = prompt.head[: len(prompt.head) - max(0, anchor.offset - end)]
    return segments(template, head, prompt.suffix, prompt.tail)
