"""The client against processes that misbehave: every call ends exactly once, every process is reaped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.command import fake_command, neutral_folder, worker_command, worker_environment
from lsp_experts.engine.death import Death
from lsp_experts.engine.protocol import MAX_LINE_BYTES, Complete, Load, Segment, Stop
from lsp_experts.engine.stderr_tail import TAIL_BYTES, TAIL_LINES, StderrTail
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.paths import default_paths

LOAD = Load("go", "/nowhere/go.gguf")
REQUEST = Complete("go", (Segment("return "),), stop=Stop(max_tokens=500, max_lines=9))
SIZED = "size:go=1000"


async def check_death(start_engine: Any, fault: str, reason: str, **patience: Any) -> EngineDied:
    """An engine with `fault` ends all its open calls as `reason`, once, and is gone."""
    client = await start_engine(SIZED, "slow:5ms", fault, **patience)
    deaths: list[Death] = []
    client.when_dead(deaths.append)
    calls = [client.load(LOAD), client.complete(REQUEST), client.complete(REQUEST), client.unpark("go")]
    ends = await asyncio.wait_for(asyncio.gather(*(call.result() for call in calls), return_exceptions=True), 60)
    died = [end for end in ends if isinstance(end, EngineDied)]
    assert died, ends
    assert all(end is died[0] for end in died)
    assert reason in died[0].signal_name
    assert [death.error for death in deaths] == [died[0]]
    assert not client.alive
    assert not psutil.pid_exists(client.pid), "reaped"
    with pytest.raises(EngineDied):
        await client.complete(REQUEST).result()
    return died[0]


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGKILL"])
@pytest.mark.parametrize("when", ["load", "token3"])
@pytest.mark.asyncio
async def test_a_signal_ends_every_open_call(start_engine: Any, name: str, when: str) -> None:
    await check_death(start_engine, f"die:{name}@{when}", name)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("exit0@load", "exit 0"),
        ("exit3@load", "exit 3"),
        ("garbage@load", "not JSON"),
        ("longline@load", f"over {MAX_LINE_BYTES} bytes"),
        ("half@load", "exit 0"),
        ("close@load", "SIGKILL"),
        ("stray@load", "not open"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_the_protocol_ends_the_engine(start_engine: Any, fault: str, reason: str) -> None:
    await check_death(start_engine, fault, reason)


@pytest.mark.parametrize(
    ("fault", "patience", "reason"),
    [
        ("hang@load", {"ping_every_s": 0.05, "pong_s": 0.5}, "no answer"),
        ("stall@load", {"ping_every_s": 0.05, "progress_s": 0.3}, "no progress"),
    ],
)
@pytest.mark.asyncio
async def test_a_hung_engine_is_killed(start_engine: Any, fault: str, patience: dict[str, float], reason: str) -> None:
    await check_death(start_engine, fault, reason, **patience)


@pytest.mark.asyncio
async def test_a_stopped_engine_is_killed(start_engine: Any) -> None:
    client = await start_engine(SIZED, ping_every_s=0.05, pong_s=0.5)
    await client.load(LOAD).result()
    os.kill(client.pid, signal.SIGSTOP)
    with pytest.raises(EngineDied, match="no answer"):
        await asyncio.wait_for(client.complete(REQUEST).result(), 30)


@pytest.mark.asyncio
async def test_the_heart_beats_only_while_a_call_is_open(start_engine: Any) -> None:
    client = await start_engine(SIZED, ping_every_s=0.01)
    await client.load(LOAD).result()
    beating = client._heart
    assert beating is not None
    await asyncio.wait_for(asyncio.wait({beating}), 10)
    assert not client._open


@pytest.mark.parametrize(
    ("arguments", "patience", "reason"),
    [
        (["no_hello"], {"start_s": 0.3}, "no hello"),
        (["protocol:1"], {}, "protocol 1"),
        (["nonsense"], {}, "exit 1"),
    ],
)
@pytest.mark.asyncio
async def test_a_start_that_fails_says_why(
    start_engine: Any, arguments: list[str], patience: dict[str, float], reason: str
) -> None:
    with pytest.raises(EngineDied) as caught:
        await start_engine(*arguments, **patience)
    assert reason in caught.value.signal_name
    if arguments == ["nonsense"]:
        assert caught.value.tail.endswith("unknown fault 'nonsense'")


@pytest.mark.asyncio
async def test_a_program_that_is_not_there_is_a_death() -> None:
    with pytest.raises(EngineDied, match="cannot be started"):
        await EngineClient.start(["/nowhere/python"])


@pytest.mark.asyncio
async def test_a_cancelled_start_leaves_no_process(start_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    made = EngineClient.__init__

    def remember(self: EngineClient, process: Any, *rest: Any) -> None:
        pids.append(process.pid)
        made(self, process, *rest)

    monkeypatch.setattr(EngineClient, "__init__", remember)
    task = asyncio.create_task(start_engine("no_hello"))
    while not pids:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pids[0])


@pytest.mark.asyncio
async def test_a_cancelled_waiter_leaves_the_call_running(start_engine: Any) -> None:
    client = await start_engine(SIZED, "slow_load:200ms")
    call = client.load(LOAD)
    waiter = asyncio.create_task(call.result())
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert (await call.result()).file_bytes == 1000


@pytest.mark.asyncio
async def test_a_cancelled_call_hears_nothing_any_more(start_engine: Any) -> None:
    client = await start_engine(SIZED, "slow:2ms")
    await client.load(LOAD).result()
    call = client.complete(REQUEST)
    pieces = [await anext(call.pieces)]
    call.cancel()
    call.cancel()
    pieces += [piece async for piece in call.pieces]
    with pytest.raises(EngineError) as caught:
        await call.result()
    assert caught.value.code == "cancelled"
    assert await client.complete(REQUEST).result(), "its late events disturb nobody"
    assert not client._open


@pytest.mark.asyncio
async def test_an_error_in_a_progress_callback_is_not_the_engines(start_engine: Any) -> None:
    client = await start_engine(SIZED)
    loop, problems = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: problems.append(context))

    def broken(fraction: float) -> None:
        raise ZeroDivisionError

    assert (await client.load(LOAD, broken).result()).file_bytes == 1000
    assert len(problems) == 5


@pytest.mark.asyncio
async def test_an_error_in_the_death_callback_leaves_no_call_open(start_engine: Any) -> None:
    client = await start_engine(SIZED, "die@load")
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)

    def broken(death: Death) -> None:
        raise ZeroDivisionError

    client.when_dead(broken)
    with pytest.raises(EngineDied):
        await asyncio.wait_for(client.load(LOAD).result(), 30)


@pytest.mark.asyncio
async def test_an_enormous_request_is_refused_here(start_engine: Any) -> None:
    client = await start_engine(SIZED)
    with pytest.raises(EngineError) as caught:
        await client.complete(Complete("go", (Segment("x" * MAX_LINE_BYTES),))).result()
    assert caught.value.code == "bad_request"
    await client.ping().result()


@pytest.mark.parametrize("faults", [(), ("slow_load:60s",), ("hang@load",)])
@pytest.mark.asyncio
async def test_close_ends_calls_and_process(start_engine: Any, faults: tuple[str, ...]) -> None:
    client = await start_engine(SIZED, *faults)
    deaths: list[Death] = []
    client.when_dead(deaths.append)
    call = client.load(LOAD)
    await asyncio.gather(client.close(), client.close())
    with pytest.raises(EngineError) as caught:
        await call.result()
    assert caught.value.code == "cancelled"
    assert not deaths, "an end that was asked for is no death"
    assert not psutil.pid_exists(client.pid)


def test_a_loop_that_is_shut_down_leaves_no_process() -> None:
    clients: list[EngineClient] = []

    async def careless() -> None:
        client = await EngineClient.start(fake_command(SIZED, "slow_load:60s"), environment=worker_environment())
        clients.append(client)
        client.load(LOAD)

    asyncio.run(careless())
    assert not psutil.pid_exists(clients[0].pid)


def test_a_killed_parent_takes_the_engine_along(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from lsp_experts.engine.client import EngineClient
        from lsp_experts.engine.command import fake_command, worker_environment
        from lsp_experts.engine.protocol import Load
        async def main():
            command = fake_command("size:go=10", "slow_load:60s")
            client = await EngineClient.start(command, environment=worker_environment())
            client.load(Load("go", "/nowhere"))
            print(client.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        engine = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, left = psutil.wait_procs([engine], timeout=30)
    assert not left


@pytest.mark.asyncio
async def test_stderr_is_kept_and_stray_prints_are_harmless(start_engine: Any) -> None:
    client = await start_engine(SIZED, "stderr:ggml warns", "print@complete1", "die@complete2")
    await client.load(LOAD).result()
    await client.complete(REQUEST).result()
    with pytest.raises(EngineDied) as caught:
        await client.complete(REQUEST).result()
    assert caught.value.tail.splitlines() == ["ggml warns", "a stray print"]


@pytest.mark.asyncio
async def test_the_log_gets_stderr_and_is_private(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "engine.log"
    argv = fake_command("stderr:hello log")
    client = await EngineClient.start(argv, environment=worker_environment(), log=log)
    await client.close()
    assert log.read_text() == "hello log\n"
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="only Linux has it")
@pytest.mark.asyncio
async def test_the_kernel_takes_the_engine_first(start_engine: Any) -> None:
    client = await start_engine()
    own = int(Path("/proc/self/oom_score_adj").read_text())
    assert int(Path(f"/proc/{client.pid}/oom_score_adj").read_text()) == max(own, 500)


def test_the_tail_is_bounded() -> None:
    tail = StderrTail()
    for number in range(100):
        tail.add(b"line %d\n" % number)
    tail.add(b"half")
    lines = tail.text().splitlines()
    assert (len(lines), lines[-2:]) == (TAIL_LINES, ["line 99", "half"])
    tail.add(b"x" * (1 << 20) + b"\xff\n")
    assert len(tail.text().encode()) <= TAIL_BYTES + 2


def test_the_engine_gets_an_allow_list_of_variables() -> None:
    given = {
        "PATH": "/bin", "LC_ALL": "C", "HF_TOKEN": "secret", "GITHUB_TOKEN": "secret", "PYTHONSTARTUP": "x",
        "OMP_WAIT_POLICY": "active", "LD_PRELOAD": "x", "GGML_DEBUG": "1",
    }  # fmt: skip
    seen = worker_environment(given)
    assert seen.pop("PYTHONPATH", None) in (None, str(Path(__file__).parents[2]))
    assert seen == {
        "PATH": "/bin", "LC_ALL": "C", "GGML_DEBUG": "1", "OMP_WAIT_POLICY": "passive", "GGML_NO_BACKTRACE": "1",
        "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


def test_nothing_is_imported_from_the_folder_it_runs_in(tmp_path: Path) -> None:
    for name in ("json", "llama_cpp", "lsp_experts", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the workspace')")
    ran = subprocess.run(fake_command(), input=b"", cwd=tmp_path, env=worker_environment(), capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b'"hello"' in ran.stdout


def test_the_engines_folder_is_empty_and_never_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = neutral_folder(default_paths())
    assert list(folder.iterdir()) == []
    (tmp_path / "file").touch()
    monkeypatch.setenv("LSP_EXPERTS_HOME", str(tmp_path / "file"))
    assert neutral_folder(default_paths()).is_dir()
    assert worker_command()[1:] == ["-P", "-m", "lsp_experts.engine.worker"]
