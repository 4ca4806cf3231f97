"""The engine beside programs that take every core (W16)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import psutil
import pytest

from lsp_experts.engine.command import worker_environment
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.protocol import Load
from lsp_experts.lab.faults.hogs import completions_ms, hogs
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.paths import default_paths

ROUNDS = 15
MOST_TIMES_SLOWER = 10  # on a quiet machine it is 3; threads that spin instead of sleeping take up to 40 times as long
THREADS = """
import sys
from pathlib import Path
from lsp_experts.engine.protocol import Load
from lsp_experts.engine.worker.native import AbortFlag, open_library
from lsp_experts.engine.worker.roster import Roster
native = open_library()
roster = Roster(native, AbortFlag(native))
roster.load(Load("tiny", sys.argv[1], n_ctx=128, n_threads=3), lambda fraction: True)
context = roster.expert("tiny")._context
print(native.C.llama_n_threads(context), native.C.llama_n_threads_batch(context))
"""


def test_both_numbers_of_threads_are_ours(tiny_gguf: Path) -> None:
    command = [sys.executable, "-c", THREADS, str(tiny_gguf)]
    ran = subprocess.run(command, capture_output=True, text=True, env=worker_environment(), timeout=120)
    assert ran.stdout == "3 3\n", ran.stderr


@pytest.mark.asyncio
async def test_programs_that_take_every_core_slow_it_down_and_no_more(tiny_gguf: Path) -> None:
    cores = os.cpu_count() or 1
    async with open_engine(default_paths()) as engine:
        await engine.load(Load("tiny", str(tiny_gguf), n_ctx=512, n_threads=max(2, physical_cores())))
        assert engine.pid is not None
        assert psutil.Process(engine.pid).environ()["OMP_WAIT_POLICY"] == "passive"
        await completions_ms(engine, "tiny", ROUNDS)
        alone = median(await completions_ms(engine, "tiny", ROUNDS))
        with hogs(cores):
            beside = median(await completions_ms(engine, "tiny", ROUNDS))
        assert beside < MOST_TIMES_SLOWER * alone
