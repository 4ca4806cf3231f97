"""Clocks that jump (W17): nothing that waits, counts or measures looks at the time of day."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lsp_experts
from lsp_experts.lab.faults.raw_client import SCRIPTED
from lsp_experts.lab.faults.real_server import answer_to, ask, messages, open_document, serving, suggestion

PACKAGE = Path(lsp_experts.__file__).parent
TIME_OF_DAY = re.compile(r"\btime\.time(_ns)?\b|\bdatetime\.(utc)?now\b")
# Dates that people read, and the age of files, which the disk dates by the time of day as well.
MAY_TELL_THE_DATE = {  # of remote hosts: Retry-After may be a date
    "server/http/answer.py", "server/scratch.py", "registry/store.py", "cli/eval.py", "engine/remote/host.py",
}  # fmt: skip
JUMPING = """
import sys, time
real, calls = time.time, 0
def jumping():
    global calls
    calls += 1
    return real() + 3600 * (-1) ** calls
time.time = jumping
from lsp_experts.cli.scripted_server import main
sys.exit(main(sys.argv[1:]))
"""


def test_who_may_know_the_time_of_day() -> None:
    files = {file.relative_to(PACKAGE).as_posix(): file for file in PACKAGE.rglob("*.py") if "lab" not in file.parts}
    asking = {name for name, file in files.items() if TIME_OF_DAY.search(file.read_text("utf-8"))}
    assert asking <= MAY_TELL_THE_DATE


@pytest.mark.asyncio
async def test_a_clock_that_jumps_by_hours_changes_nothing(home: Path, tmp_path: Path) -> None:
    command = ("-c", JUMPING, "die:SIGKILL@complete2", f"once:{tmp_path / 'happened'}")
    assert SCRIPTED[1] == "lsp_experts.cli.scripted_server"
    async with serving(home, command=command) as client:
        open_document(client, "untitled:a.go", "go")
        assert await suggestion(client, "untitled:a.go")
        assert await answer_to(client, ask(client, "untitled:a.go")) == ""
        assert await suggestion(client, "untitled:a.go")
        assert messages(client) == []
