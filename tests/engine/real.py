"""What the tests of the real engine share: prompts for the tiny model, loading it, asking it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.command import worker_environment
from lsp_experts.engine.protocol import Complete, CompleteReport, Load, LoadReport, Segment, Stop

StartEngine = Callable[..., Awaitable[EngineClient]]
PRE, SUF, MID = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
HEAD = "package main\n\nfunc add(a int, b int) int {\n"
BELOW = "\n}\n"


def prompt(tail: str, head: str = HEAD) -> tuple[Segment, ...]:
    """A fill-in-the-middle prompt with `tail` before the cursor."""
    parts = (Segment(PRE, True), Segment(head), Segment(SUF, True), Segment(BELOW), Segment(MID, True), Segment(tail))
    return tuple(part for part in parts if part.text)


def document(name: str, lines: int = 12) -> str:
    """A text like no other document's, of about 25 tokens a line."""
    return "".join(f"{name}{number} := {name}({number}, {number * 7}) // {name}\n" for number in range(lines))


async def load(client: EngineClient, path: Path, name: str = "tiny", **changes: object) -> LoadReport:
    """Load `path` as `name`, with a context of 512 tokens unless `changes` says otherwise."""
    request = Load(expert=name, path=str(path), n_ctx=512, control_texts=(PRE, SUF, MID, "<fim_prefix>"))
    return await client.load(Load(**{**vars(request), **changes})).result()


async def complete(
    client: EngineClient, tail: str, head: str = HEAD, *, expert: str = "tiny", partners: tuple[str, ...] = (),
    **stop: int,
) -> CompleteReport:  # fmt: skip
    """Twelve tokens or what `stop` says."""
    rules = Stop(**{"max_tokens": 12, "max_lines": 99, **stop})
    return await client.complete(Complete(expert, prompt(tail, head), stop=rules, partners=partners)).result()


def disturb(what: str, model: Path, *numbers: int) -> dict[str, int]:
    """What `disturbed.py` saw; AssertionError with its message if it failed or crashed."""
    command = [sys.executable, str(Path(__file__).with_name("disturbed.py")), what, str(model), *map(str, numbers)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=worker_environment())
    assert run.returncode == 0, run.stderr[-3000:]
    seen: dict[str, int] = json.loads(run.stdout)
    return seen
