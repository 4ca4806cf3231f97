"""Places of the user's code as they were while it was typed: a line that ends at the cursor, its rest held out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from lsp_experts.lab.humaneval import Case
from lsp_experts.lab.replay_cases import SourceFile

_CURSORS = 4  # in each line: its beginning, and columns at random. They share a prompt, so the later ones cost little
_LEAST_CHARS, _MOST_CHARS = 8, 120  # of a line, without its indentation


@dataclass(frozen=True)
class GateCase:
    """A case of a document in `language`; its `task` names file and line."""

    case: Case
    language: str


def gate_cases(files: Sequence[SourceFile], limit: int, seed: int = 7) -> tuple[GateCase, ...]:
    """At most `limit` cases, spread over the files and each file's lines."""
    rng = random.Random(seed)
    lines = [_lines(file, rng) for file in rng.sample(files, len(files))]
    in_turn = (case for one_of_each in zip_longest(*lines, fillvalue=()) for cases in one_of_each for case in cases)
    return tuple(islice(in_turn, limit))


def _lines(file: SourceFile, rng: random.Random) -> Iterator[tuple[GateCase, ...]]:
    lines = file.text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    usable = [number for number, line in enumerate(lines) if _LEAST_CHARS <= len(line.strip()) <= _MOST_CHARS]
    for number in rng.sample(usable, len(usable)):
        line, start = lines[number].rstrip(), starts[number]
        indent = len(line) - len(line.lstrip())
        columns = [indent, *sorted(rng.sample(range(indent + 1, len(line) - 1), _CURSORS - 1))]
        yield tuple(
            GateCase(
                Case(
                    task=f"{file.path}:{number + 1}",
                    text=file.text[: start + column] + file.text[start + len(lines[number]) :],
                    offset=start + column,
                    rest=line[column:],
                    test="",
                ),
                file.language,
            )
            for column in columns
        )
