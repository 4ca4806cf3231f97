"""The command of a check: its output, its end, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from lsp_experts.actions.check.running import MAX_OUTPUT_BYTES, Ran, environment, run_command
from lsp_experts.errors import ActionRefused

asynchronous = pytest.mark.asyncio
LONG_S = 60.0


async def python(program: str, folder: Path, timeout_s: float = LONG_S) -> Ran:
    return await run_command((sys.executable, "-c", program), folder, timeout_s)


async def check(program: str, folder: Path, code: int | None, output: str) -> None:
    ran = await python(program, folder)
    assert (ran.code, ran.output) == (code, output)


@asynchronous
async def test_what_it_says_and_how_it_ends(tmp_path: Path) -> None:
    await check("import sys; print('out', flush=True); print('err', file=sys.stderr)", tmp_path, 0, "out\nerr\n")
    await check("raise SystemExit(3)", tmp_path, 3, "")
    await check("import os; os.kill(os.getpid(), 9)", tmp_path, -9, "")
    await check("import os; print(os.getcwd())", tmp_path, 0, f"{tmp_path}\n")
    await check("import sys; print(repr(sys.stdin.read()))", tmp_path, 0, "''\n")
    await check("import sys; sys.stdout.buffer.write(b'\\xff\\n')", tmp_path, 0, "\ufffd\n")


@asynchronous
async def test_only_the_tail_of_much_output_is_kept(tmp_path: Path) -> None:
    ran = await python("for n in range(200_000): print('line', n)", tmp_path)
    assert ran.code == 0
    assert ran.output.endswith("line 199999\n")
    assert ran.output.startswith("line ")
    assert len(ran.output) <= MAX_OUTPUT_BYTES


@asynchronous
async def test_the_clock_is_asked(tmp_path: Path) -> None:
    times = iter([10.0, 12.5])
    ran = await run_command((sys.executable, "-c", ""), tmp_path, LONG_S, clock=lambda: next(times))
    assert ran.seconds == 2.5


CHILDREN = """
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
same = subprocess.Popen(sleeper)
other = subprocess.Popen(sleeper, start_new_session=True)
with open("pids.new", "w") as file:
    file.write(f"{os.getpid()} {same.pid} {other.pid}")
os.rename("pids.new", "pids")
print("started", flush=True)
time.sleep(600)
"""


async def appeared(path: Path) -> None:
    while not path.exists():
        await asyncio.sleep(0.01)


def gone(path: Path) -> bool:
    pids = [int(word) for word in path.read_text().split()]
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs([each for each in processes if each.status() != psutil.STATUS_ZOMBIE], timeout=10)
    return all(each.status() == psutil.STATUS_ZOMBIE for each in alive)


@asynchronous
async def test_at_the_time_limit_its_children_end_too(tmp_path: Path) -> None:
    ran = await python(CHILDREN, tmp_path, timeout_s=3)
    assert ran.code is None
    assert ran.output == "started\n"
    assert gone(tmp_path / "pids")


@asynchronous
async def test_cancelled_it_leaves_nothing(tmp_path: Path) -> None:
    running = asyncio.create_task(python(CHILDREN, tmp_path))
    await asyncio.wait_for(appeared(tmp_path / "pids"), LONG_S)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(tmp_path / "pids")


@asynchronous
async def test_a_process_that_stays_behind_with_the_output_holds_nobody_up(tmp_path: Path) -> None:
    left = CHILDREN.replace("time.sleep(600)\n", "raise SystemExit(0)\n")
    before = len(os.listdir("/proc/self/fd"))
    ran = await python(left, tmp_path)
    assert (ran.code, ran.output) == (0, "started\n")
    _, same, other = (int(word) for word in (tmp_path / "pids").read_text().split())
    psutil.Process(other).kill()  # it left the group before: nobody can tell it from a daemon that shall stay
    assert not psutil.pid_exists(same) or psutil.Process(same).status() == psutil.STATUS_ZOMBIE
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@asynchronous
@pytest.mark.parametrize("command", ["lsp-experts-no-such-program", "./missing", "/"])
async def test_what_cannot_be_started_is_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="cannot be started") as refused:
        await run_command((command,), tmp_path, LONG_S)
    assert "PATH" in refused.value.remedy


def test_the_environment_is_the_servers_own(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "TOKEN": "t"}
    assert environment(base, tmp_path) == {**base, "PWD": str(tmp_path)}
    (tmp_path / "pyproject.toml").touch()
    assert environment(base, tmp_path)["PYTHONPATH"] == str(tmp_path)
    (tmp_path / "src").mkdir()
    found = environment({"PYTHONPATH": "/mine"}, tmp_path)["PYTHONPATH"]
    assert found == os.pathsep.join([str(tmp_path / "src"), str(tmp_path), "/mine"])
