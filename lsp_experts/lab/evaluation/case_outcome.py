"""Asks a loaded contestant as the product would, and compares what it says with what the writer wrote."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import Filtered, filter_text, whole_lines
from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import CompleteReport, Score
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError
from lsp_experts.lab.case_request import file_request, file_score
from lsp_experts.lab.evaluation.records import Outcome
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.similarity import edit_similarity
from lsp_experts.settings import Settings
from lsp_experts.syntax.difference import common_head
from lsp_experts.syntax.tree import SyntaxTree

R = TypeVar("R")

# What the product shows where a prompt cannot be cut short enough for a context: nothing.
_TOO_LONG = CompleteReport("", "context", 0, 0, 0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Said:
    """An answer: the engine's report, and the suggestion that the filters made of it."""

    report: CompleteReport
    suggestion: Filtered


@dataclass(frozen=True)
class _Cost:
    """What held-out lines cost a model: nats, over bytes of UTF-8; of nothing where they do not fit its context."""

    nats: float = 0.0
    scored_bytes: int = 0


@dataclass(frozen=True)
class Asker:
    """Asks the contestant that is loaded in `engine` under its name."""

    engine: Supervisor
    contestant: str
    template: FimTemplate | None
    settings: Settings

    async def outcomes(self, cases: Sequence[Case]) -> tuple[Outcome, ...]:
        """Of the cases of one place. Scores come last: they would move the KV cache that completions share.

        EngineError.
        """
        said = [await self._said(case) for case in cases]
        costs: dict[Score, _Cost] = {}
        found = []
        for case, answer in zip(cases, said, strict=True):
            request = file_score(self.contestant, self.template, case, self.settings)
            if request not in costs:  # holes of one line often ask the same
                costs[request] = await self._cost(request)
            found.append(outcome(case, self.contestant, answer.report, answer.suggestion, costs[request]))
        return tuple(found)

    async def _said(self, case: Case) -> _Said:
        tree = SyntaxTree(case.document_language, case.text)
        request = file_request(self.contestant, self.template, case, tree, self.settings)
        try:
            report = await _result(self.engine.complete(request))
        except EngineError as error:
            if error.code != "bad_request":
                raise
            report = _TOO_LONG
        text = whole_lines(report) if case.kind == "block" else report.text
        cursor = Cursor(case.text, case.offset)
        return _Said(report, filter_text(text, cursor, tree=tree, language=case.language, settings=self.settings))

    async def _cost(self, request: Score) -> _Cost:
        try:
            report = await _result(self.engine.score(request))
        except EngineError as error:
            if error.code != "bad_request":
                raise
            return _Cost()
        (text,) = request.texts
        return _Cost(-sum(report.scores[0].log_probabilities), len(text.encode("utf-8", "replace")))


def case_id(case: Case) -> str:
    """Names a case without saying anything of its text or path."""
    return _hashed(str(case.path), case.language, case.kind, str(case.offset), case.truth, case.text)


def outcome(case: Case, contestant: str, report: CompleteReport, suggestion: Filtered, cost: _Cost) -> Outcome:
    """What a suggestion is worth. Characters right of the cursor that it replaces are held against it as written."""
    text = suggestion.text.rstrip()
    expected = (case.truth + case.after[: suggestion.replace_right]).rstrip()
    line = text.split("\n", 1)[0]
    probabilities = report.line_probabilities
    return Outcome(
        case=case_id(case),
        place=_hashed(str(case.path)),
        language=case.language,
        kind=case.kind,
        contestant=contestant,
        exact=_stripped_lines(text) == _stripped_lines(expected),
        accepted_chars=min(common_head(text, expected), len(case.truth)),
        truth_chars=len(case.truth),
        similarity=round(edit_similarity(text, expected), 4),
        nll_nats=cost.nats,
        scored_bytes=cost.scored_bytes,
        first_ms=report.first_token_ms,
        total_ms=report.total_ms,
        prompt_tokens=report.prompt_tokens,
        decoded_tokens=report.decoded_tokens,
        probability=probabilities[0] if probabilities else report.joint_probability,
        line_chars=len(line.strip()),
        line_right=bool(line.strip()) and expected.startswith(line),
    )


def _stripped_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n")]


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]


async def _result(call: Call[R]) -> R:
    """Of a call that nobody needs once the evaluation is stopped."""
    try:
        return await call.result()
    except asyncio.CancelledError:
        call.cancel()
        raise
