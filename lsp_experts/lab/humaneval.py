"""HumanEval-Infilling cases: the single-line, multi-line and random-span sets (MIT licence), and files of their shape.

Source: Bavarian et al. 2022, arXiv:2207.14255; https://github.com/openai/human-eval-infilling
A row's program is prompt + canonical_solution + suffix. What a row is, is seen in it: a solution that begins or ends
inside a line is a span, one of several lines multi, else single.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lsp_experts.errors import UsageError
from lsp_experts.lab.sandbox import succeeds

Where = Literal["mid", "start"]
Kind = Literal["single", "multi", "span"]
Derive = Literal["", "multi", "span"]
Row = Mapping[str, str]
_MIN_CHARS = 8  # of a hidden line


@dataclass(frozen=True)
class Case:
    """A hole with the cursor in it: `text[:offset]` is typed, `rest` is what the writer typed next."""

    task: str
    text: str
    offset: int
    rest: str
    test: str
    kind: Kind = "single"

    def program(self, completion: str, replaced: int = 0) -> str:
        """The program with `completion` at the cursor, over `replaced` characters, and its tests."""
        return f"{self.text[: self.offset]}{completion}{self.text[self.offset + replaced :]}\n{self.test}"

    def is_exact(self, completion: str, replaced: int = 0) -> bool:
        """Whether `completion` gives what the writer wrote; blanks at its end do not count."""
        covered = self.text[self.offset : self.offset + replaced]
        return completion.rstrip() == (self.rest + covered).rstrip()


@dataclass(frozen=True)
class Program:
    """A whole program: the function `name` is solved in it; `test` fails where it is not."""

    name: str
    text: str
    test: str


def load_cases(data: Path, where: Where, limit: int, seed: int = 7, derive: Derive = "") -> tuple[Case, ...]:
    """At most `limit` cases, spread evenly over the file; hidden lines with fewer than 8 characters are left out.

    `where`, for single lines: `mid` puts the cursor at a random column of the line's first half, never before its
    second character, `start` at the line's start. In multi-line cases it stands behind the first line's indentation,
    where an editor puts it. `derive` makes multi-line or random-span cases of the programs of a single-line file; those
    are not the published sets. UsageError if the file is not the benchmark.
    """
    rows = read_rows(data)
    try:
        rng = random.Random(seed)
        rows = list(derived(rows, derive, rng)) if derive else rows
        chosen = rows[:: max(1, len(rows) // max(1, limit))][:limit]
        return tuple(case for row in chosen if (case := case_of(row, where, rng)) is not None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_benchmark(data, error) from None


def read_rows(data: Path) -> list[Row]:
    """All rows of a file, as it has them. UsageError if it is no JSON lines."""
    try:
        opener: Any = gzip.open if data.suffix == ".gz" else open
        with opener(data, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise _no_benchmark(data, error) from None


def load_programs(data: Path, limit: int) -> tuple[Program, ...]:
    """At most `limit` of the whole programs in a file, spread evenly over it. UsageError if it is no benchmark."""
    found: dict[tuple[str, str], Program] = {}
    try:
        for row in read_rows(data):
            text = row["prompt"] + row["canonical_solution"] + row["suffix"]
            key = (row["entry_point"], "".join(text.split()))  # rows of one program differ in a blank line
            if key not in found or len(text) < len(found[key].text):
                found[key] = Program(row["entry_point"], text, _test_of(row))
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_benchmark(data, error) from None
    programs = tuple(found.values())
    return programs[:: max(1, len(programs) // max(1, limit))][:limit]


def _no_benchmark(data: Path, error: Exception) -> UsageError:
    return UsageError(
        f"{data} is not a HumanEval-Infilling file: {type(error).__name__}: {error}.",
        remedy="Give the path of HumanEval-SingleLineInfilling.jsonl.gz, or of a file of its shape, to --data.",
    )


def _test_of(row: Row) -> str:
    return f"{row['test']}\ncheck({row['entry_point']})\n"


def kind_of(row: Row) -> Kind:
    """What a row's hole is."""
    prompt, solution, suffix = row["prompt"], row["canonical_solution"], row["suffix"]
    starts_line = not prompt or prompt.endswith("\n")
    ends_line = solution.endswith("\n") or not suffix or suffix.startswith("\n")
    if not starts_line or not ends_line:
        return "span"
    return "multi" if "\n" in solution.rstrip("\n") else "single"


def case_of(row: Row, where: Where, rng: random.Random) -> Case | None:
    """The case of a row; None for a hole with too little in it."""
    prompt, solution, suffix = row["prompt"], row["canonical_solution"], row["suffix"]
    test = _test_of(row)
    kind = kind_of(row)
    if kind == "span":
        if not solution.strip():
            return None
        return Case(row["task_id"], prompt + suffix, len(prompt), solution, test, kind)
    hidden = solution.rstrip("\n")
    indent = len(hidden) - len(hidden.lstrip())
    if len(hidden) - indent < _MIN_CHARS:
        return None
    if kind == "multi":
        cut = indent
    else:
        cut = indent + rng.randint(2, max(3, (len(hidden) - indent) // 2)) if where == "mid" else 0
    before = prompt + hidden[:cut]
    below = suffix.removeprefix("\n") if not solution.endswith("\n") else suffix
    return Case(row["task_id"], f"{before}\n{below}", len(before), hidden[cut:], test, kind)


def derived(rows: Sequence[Row], derive: Derive, rng: random.Random) -> Iterator[Row]:
    """Multi-line or random-span rows, one for each row of a single-line file, as far as its program has them."""
    by_program: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        program = row["prompt"] + row["canonical_solution"] + row["suffix"]
        by_program.setdefault((row["entry_point"], program), []).append(row)
    for (_, program), holes in by_program.items():
        for number, row in enumerate(holes):
            first = len(row["prompt"])
            later = holes[number + 1 :]
            if derive == "multi" and later:
                end = len(program) - len(rng.choice(later)["suffix"])
            elif derive == "span":
                body = len(holes[0]["prompt"])
                first = rng.randrange(body, len(program) - 1)
                end = rng.randrange(first + 1, len(program))
            else:
                continue
            yield {
                **row,
                "task_id": f"{row['task_id']} ({derive}, derived)",
                "prompt": program[:first],
                "canonical_solution": program[first:end],
                "suffix": program[end:],
            }


async def passes(case: Case, completion: str, replaced: int = 0) -> bool:
    """Whether the program with `completion` at the cursor passes its tests, in a sandbox (lab/sandbox.py)."""
    return await succeeds(case.program(completion, replaced))
