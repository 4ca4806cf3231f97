"""Cases of the three sets and of derived ones, and the sandbox that runs finished programs."""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.errors import UsageError
from lsp_experts.lab.humaneval import Case, Derive, derived, kind_of, load_cases, passes
from lsp_experts.lab.sandbox import protections, succeeds

LINES = ["    total = 0\n", "    for number in numbers:\n", "        total += number\n", "    return total\n"]
HEAD = 'def add_up(numbers):\n    """ Sum. """\n'
TEST = "\n\ndef check(candidate):\n    assert candidate([1, 2, 3]) == 6\n"


def row(first: int, last: int) -> dict[str, str]:
    return {
        "task_id": f"SingleLineInfilling/HumanEval/0/L{first}",
        "entry_point": "add_up",
        "prompt": HEAD + "".join(LINES[:first]),
        "canonical_solution": "".join(LINES[first : last + 1]),
        "suffix": "".join(LINES[last + 1 :]),
        "test": TEST,
    }


SINGLE = [row(number, number) for number in range(4)]


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    text = "".join(json.dumps(each) + "\n" for each in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def span(prompt: str, solution: str, suffix: str) -> dict[str, str]:
    return {**row(0, 0), "prompt": prompt, "canonical_solution": solution, "suffix": suffix}


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (row(0, 0), "single"),
        (row(0, 2), "multi"),
        (row(3, 3), "single"),
        (span(HEAD + "    tot", "al = ", "0\n"), "span"),
        (span(HEAD, "    total", " = 0\n"), "span"),
        (span(HEAD + "    total", " = 0\n    for", " number\n"), "span"),
        (span(HEAD, "    return 1", ""), "single"),
        (span(HEAD, "    return 1", "\n    x"), "single"),
        (span("", "a = 1\nb = 2", ""), "multi"),
    ],
)
def test_what_a_row_is_is_seen_in_it(one: dict[str, str], kind: str) -> None:
    assert kind_of(one) == kind


@pytest.mark.parametrize("where", ["mid", "start"])
@pytest.mark.parametrize(
    "rows",
    [SINGLE, [row(0, 2), row(1, 3)], [span(HEAD + "    tot", "al = 0\n    for", LINES[1][7:] + LINES[2] + LINES[3])]],
)
def test_every_case_puts_its_program_together(tmp_path: Path, where: Any, rows: list[dict[str, str]]) -> None:
    cases = load_cases(write(tmp_path / "a.jsonl.gz", rows), where, 10)
    assert len(cases) == len(rows)
    for case in cases:
        assert (HEAD + "".join(LINES)).rstrip() in case.program(case.rest)
        assert case.is_exact(case.rest) and case.is_exact(case.rest + "  ") and not case.is_exact("x")


def test_the_cursor_stands_where_a_user_has_it(tmp_path: Path) -> None:
    (mid,) = load_cases(write(tmp_path / "a.jsonl", [SINGLE[1]]), "mid", 1)
    assert mid.text[: mid.offset].endswith(("fo", "for", "for ")) or "    for" in mid.text[: mid.offset]
    (start,) = load_cases(tmp_path / "a.jsonl", "start", 1)
    assert start.rest == LINES[1].rstrip() and start.text[: start.offset].endswith("total = 0\n")
    (block,) = load_cases(write(tmp_path / "b.jsonl", [row(1, 2)]), "mid", 1)
    assert block.kind == "multi" and block.text[: block.offset].endswith("\n    ") and block.rest.startswith("for ")


@pytest.mark.parametrize("derive", ["multi", "span"])
def test_derived_sets_are_of_the_same_programs(derive: Derive) -> None:
    rows = list(derived(SINGLE, derive, random.Random(1)))
    assert rows and {kind_of(one) for one in rows} <= ({"multi"} if derive == "multi" else {"span", "single", "multi"})
    for one in rows:
        assert one["prompt"] + one["canonical_solution"] + one["suffix"] == HEAD + "".join(LINES)
        assert "derived" in one["task_id"] and one["prompt"].startswith(HEAD)
    assert rows == list(derived(SINGLE, derive, random.Random(1)))


def test_short_lines_and_blank_spans_are_left_out(tmp_path: Path) -> None:
    rows = [span(HEAD, "    x\n", ""), span(HEAD + "  ", "  ", "total = 0\n")]
    assert load_cases(write(tmp_path / "a.jsonl", rows), "mid", 9) == ()


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b'{"prompt": 1}\n', b"[1]\n"])
def test_what_is_not_the_benchmark_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    if content:
        with pytest.raises(UsageError, match="is not a HumanEval-Infilling file"):
            load_cases(path, "mid", 4)
    else:
        assert load_cases(path, "mid", 4) == ()
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(UsageError):
        load_cases(path, "mid", 4)


@pytest.mark.asyncio
async def test_a_program_passes_with_what_its_writer_wrote(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path / "a.jsonl", [row(1, 2)]), "mid", 1)
    assert await passes(case, case.rest)
    assert not await passes(case, "pass")
    closed = Case("t", "def f(a):\n    return ()\n", 22, "a * 2", "assert f(2) == 4\n")
    assert await passes(closed, "a * 2)", replaced=1) and closed.is_exact("a * 2)", replaced=1)
    assert not await passes(closed, "a * 2)") and not closed.is_exact("a * 2)")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.socket()",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "open('file', 'w')",
        "import os; os.open('file', os.O_CREAT | os.O_WRONLY)",
        "import ctypes; ctypes.CDLL(None)",
        "x = 'a' * (2 << 30)",
        "raise SystemExit(1)",
        "import os; assert len(os.environ) > 3",
        "import pytest",
        "guard()",
        "input()",
        "this is no program",
    ],
)
async def test_what_the_sandbox_refuses(program: str) -> None:
    assert not await succeeds(program)


@pytest.mark.asyncio
async def test_what_the_sandbox_allows() -> None:
    assert await succeeds(
        "import collections, datetime, hashlib, itertools, math, os, random, re, string, typing\n"
        "print('x' * 10_000)\nassert os.listdir('.') == [] and __name__ == '__main__'\n"
    )


@pytest.mark.asyncio
async def test_it_ends_at_the_time_limit() -> None:
    started = time.monotonic()
    assert not await succeeds("while True: pass", timeout_s=0.5)
    assert time.monotonic() - started < 60


@pytest.mark.asyncio
async def test_it_says_what_is_in_force() -> None:
    found = await protections()
    assert {"isolated interpreter", "empty environment", "limit on memory", "limit on file size"} <= set(found)
    assert any("audit hook" in each for each in found)
    if os.geteuid() == 0 and "no network (namespace)" not in found:
        pytest.skip("this kernel gives no network namespace")
