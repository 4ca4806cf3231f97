"""HumanEval-Infilling cases (single-line set, MIT licence), and running a finished one.

Source: Bavarian et al. 2022, arXiv:2207.14255; https://github.com/openai/human-eval-infilling
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lsp_experts.errors import UsageError

Where = Literal["mid", "start"]
_RUN_TIMEOUT_S = 10.0
_CPU_S, _MEMORY_BYTES = 8, 1 << 30


@dataclass(frozen=True)
class Case:
    """A hidden line with the cursor in it: `text[:offset]` is typed, `rest` is what the writer typed next."""

    task: str
    text: str
    offset: int
    rest: str
    test: str


def load_cases(data: Path, where: Where, limit: int, seed: int = 7) -> tuple[Case, ...]:
    """At most `limit` cases, spread evenly over the file; lines with fewer than 8 characters are left out.

    `mid`: the cursor at a random column of the first half of the line, never before its second character.
    UsageError if the file is not the benchmark.
    """
    try:
        opener: Any = gzip.open if data.suffix == ".gz" else open
        with opener(data, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return tuple(_cases(rows, where, limit, random.Random(seed)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{data} is not a HumanEval-Infilling file: {type(error).__name__}: {error}.",
            remedy="Give the path of HumanEval-SingleLineInfilling.jsonl.gz to --data.",
        ) from None


def _cases(rows: list[dict[str, str]], where: Where, limit: int, rng: random.Random) -> list[Case]:
    found = []
    for row in rows[:: max(1, len(rows) // max(1, limit))][:limit]:
        line = row["canonical_solution"].rstrip("\n")
        indent = len(line) - len(line.lstrip())
        if len(line) - indent < 8:
            continue
        cut = indent + rng.randint(2, max(3, (len(line) - indent) // 2)) if where == "mid" else 0
        before = row["prompt"] + line[:cut]
        found.append(
            Case(
                task=row["task_id"],
                text=f"{before}\n{row['suffix']}",
                offset=len(before),
                rest=line[cut:],
                test=f"{row['test']}\ncheck({row['entry_point']})\n",
            )
        )
    return found


async def passes(case: Case, completion: str) -> bool:
    """Whether the program with `completion` at the cursor passes its tests.

    It runs what a model wrote: in a process of its own, isolated, without environment, in an empty folder, with
    limits on time and memory.
    """
    program = case.text[: case.offset] + completion + case.text[case.offset :] + case.test
    guard = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({_CPU_S}, {_CPU_S}))\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY_BYTES}, {_MEMORY_BYTES}))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            guard + program,
            cwd=folder,
            env={},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            return await asyncio.wait_for(process.wait(), _RUN_TIMEOUT_S) == 0
        except TimeoutError:
            process.kill()
            await process.wait()
            return False
