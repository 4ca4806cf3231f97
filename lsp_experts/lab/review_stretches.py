"""Stretches of files that the lab has an expert review, one at a time; each shows the expert what stands above it, too.

A stretch stands for a file: so one mutation costs no review of all of it. Since a review asks again about its most
surprising words only (Limits), 2 words of 50 lines here compete among themselves, not with the file's others.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from lsp_experts.actions.review.finding import Review
from lsp_experts.actions.review.reviewer import Reviewer
from lsp_experts.actions.review.scorer import Scorer
from lsp_experts.actions.test_writing.files import is_test_file
from lsp_experts.errors import UsageError
from lsp_experts.lab.replay_cases import SourceFile, source_files
from lsp_experts.syntax.tree import SyntaxTree

LINES = 50  # of a stretch; the last one of a file has half of it to one and a half


@dataclass(frozen=True)
class Stretch:
    """Lines of a file, from `first` (0 is its first line) on."""

    file: SourceFile
    first: int
    lines: int

    def span(self, text: str) -> tuple[int, int]:
        """Where they stand in a text with as many lines as the file has."""
        ends = [0]
        for line in text.split("\n"):
            ends.append(ends[-1] + len(line) + 1)
        return ends[self.first], min(ends[self.first + self.lines], len(text))


def files_to_review(folder: Path) -> tuple[SourceFile, ...]:
    """Files of a workspace in which somebody writes code, without tests. UsageError for what is no folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", remedy="Give one with code of yours.")
    root = folder.absolute().as_uri()
    return tuple(
        file
        for file in source_files(folder)
        if not is_test_file(file.path.absolute().as_uri(), file.language, root)
        and SyntaxTree(file.language, "x").root is not None
    )


def stretches_of(file: SourceFile) -> tuple[Stretch, ...]:
    """All of the file, in order."""
    count = len(file.text.removesuffix("\n").split("\n"))
    starts = list(range(0, max(1, count - LINES // 2 + 1), LINES))
    return tuple(Stretch(file, start, end - start) for start, end in zip(starts, [*starts[1:], count], strict=True))


def spread(files: Sequence[SourceFile], rng: random.Random) -> Iterator[Stretch]:
    """Stretches of all files in a random order: languages take turns, then files."""
    for file_stretches in zip_longest(*(_shuffled(file, rng) for file in in_turn(files, rng))):
        yield from (each for each in file_stretches if each is not None)


def in_turn(files: Sequence[SourceFile], rng: random.Random) -> tuple[SourceFile, ...]:
    """The files in a random order in which languages take turns."""
    by_language: dict[str, list[SourceFile]] = {}
    for file in rng.sample(files, len(files)):
        by_language.setdefault(file.language, []).append(file)
    return tuple(file for some in zip_longest(*by_language.values()) for file in some if file is not None)


async def review(scorer: Scorer, tree: SyntaxTree, stretch: Stretch) -> Review:
    """The stretch as it stands in `tree`, which may be a changed text with as many lines."""
    start, end = stretch.span(tree.text)
    return await Reviewer(scorer, lambda _: 0.0, time.monotonic).review(tree, start, end, lambda _: None)


def _shuffled(file: SourceFile, rng: random.Random) -> list[Stretch]:
    stretches = stretches_of(file)
    return rng.sample(stretches, len(stretches))
