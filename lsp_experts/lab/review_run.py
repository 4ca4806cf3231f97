"""Reviews of stretches with a known slip in them, and of the same stretches without it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lsp_experts.actions.review.finding import Finding
from lsp_experts.actions.review.scorer import Scorer
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.review_commits import Fix
from lsp_experts.lab.review_figures import Clean, Slip, slip
from lsp_experts.lab.review_mutations import Mutation, mutations
from lsp_experts.lab.review_stretches import Stretch, review, stretches_of
from lsp_experts.syntax.tree import SyntaxTree


@dataclass
class Measured:
    """What was reviewed so far with one expert; `threshold` is what the product would use for the budget."""

    threshold: float
    clean: dict[Stretch, Clean] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list)
    fixes: list[Slip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class ReviewRun:
    """One expert's part of the bench."""

    def __init__(self, scorer: Scorer, measured: Measured, on_review: Callable[[str, int, int], None]) -> None:
        """What is measured goes into `measured`; `on_review` is told ("mutations" or "commits", done, all)."""
        self._scorer, self._measured, self._on_review = scorer, measured, on_review

    async def mutations(self, files: Sequence[SourceFile], most: int, rng: random.Random, until_s: float) -> None:
        """At most so many mutations in turn over the files, each with its stretch as it was.

        `until_s`, of time.monotonic(): none is begun later.
        """
        drawn = islice(mutations(files, rng), most)
        for number, (file, mutation) in enumerate(drawn, start=1):
            if time.monotonic() >= until_s:
                self._measured.notes.append(f"the time was over after {number - 1} of {most} mutations")
                return
            await self._mutation(file, mutation)
            self._on_review("mutations", number, most)
        if len(self._measured.slips) < most:
            self._measured.notes.append(f"these files have room for {len(self._measured.slips)} mutations")

    async def commits(self, history: Sequence[Fix], until_s: float) -> None:
        """The parent's version of each fix, round what it changes."""
        for number, fix in enumerate(history, start=1):
            if time.monotonic() >= until_s:
                self._measured.notes.append(f"the time was over after {number - 1} of {len(history)} commits")
                return
            await self._commit(fix)
            self._on_review("commits", number, len(history))

    async def _mutation(self, file: SourceFile, mutation: Mutation) -> None:
        stretch = _round(file, file.text.count("\n", 0, mutation.start))
        if stretch not in self._measured.clean:
            clean = await review(self._scorer, SyntaxTree(file.language, file.text), stretch)
            self._measured.clean[stretch] = Clean(file.language, clean)
        text = mutation.applied(file.text)
        found = await review(self._scorer, SyntaxTree(file.language, text), stretch)
        start, end = mutation.now

        def at(finding: Finding) -> bool:
            return finding.start < max(end, start + 1) and finding.end > start

        def repairs(finding: Finding) -> bool:
            return _with(text, finding) == file.text

        self._measured.slips.append(slip(found, mutation.kind, file.language, at, repairs))

    async def _commit(self, fix: Fix) -> None:
        file = fix.before
        tree = SyntaxTree(file.language, file.text)
        if tree.root is None:
            return
        found = await review(self._scorer, tree, _round(file, fix.lines[0]))

        def line_of(finding: Finding) -> int:
            return file.text.count("\n", 0, finding.start)

        def at(finding: Finding) -> bool:
            return line_of(finding) in fix.lines

        def repairs(finding: Finding) -> bool:
            return _with(file.text, finding).split("\n")[line_of(finding)] in fix.fixed

        self._measured.fixes.append(slip(found, "commit", file.language, at, repairs))


def _round(file: SourceFile, line: int) -> Stretch:
    """The stretch of the file that holds a line."""
    return next(each for each in reversed(stretches_of(file)) if each.first <= line)


def _with(text: str, finding: Finding) -> str:
    return text[: finding.start] + finding.replacement + text[finding.end :]
