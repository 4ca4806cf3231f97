"""`bench repack`: its verdict from pairs, a real run on a tiny model, a crash with extra buffer types survived."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.engine.command import fake_command
from lsp_experts.engine.repacking import repacking_pays
from lsp_experts.lab.bench_repack import Speed, bench_repack, candidate, verdict
from lsp_experts.paths import default_paths

SMALL = {"small": {"languages": ["*"], "interpreter": True}}
PLAIN = Speed(10.0, 40.0)


@pytest.fixture
def keep_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("repacked", "fits", "expected"),
    [
        ([Speed(5, 40)] * 7, True, "pays"),  # prompts
        ([Speed(10, 20)] * 7, True, "pays"),  # decoding
        ([Speed(5, 20)] * 7, False, "does not fit"),
        ([Speed(9.5, 38)] * 7, True, "does not pay"),
        ([Speed(5, 60)] * 7, True, "does not pay"),  # one faster, the other slower
        ([Speed(5, 40)] * 4 + [Speed(15, 40)] * 3, True, "does not pay"),  # noise
        ([Speed(5, 40)] * 6 + [Speed(15, 40)], True, "pays"),
    ],
)
def test_verdict(repacked: list[Speed], fits: bool, expected: str) -> None:
    assert verdict([(PLAIN, each) for each in repacked], fits=fits) == expected


@pytest.mark.usefixtures("keep_signals")
def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = default_paths()
    install(paths, tmp_path, SMALL)
    assert main(["bench", "repack", "--rounds", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["expert"], result["plain"]["resident_bytes"] > 0) == ("small", True)
    assert result["rounds"] == (0 if result["verdict"] in ("nothing to repack", "crashes") else 2)
    assert repacking_pays(paths, result["sha256"]) is (result["verdict"] == "pays")
    assert main(["bench", "repack", "small", "--rounds", "0"]) == 1


@pytest.mark.usefixtures("keep_signals")
def test_without_an_interpreter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "repack"]) == 1
    assert "lsp-experts pull smollm2-135m-instruct" in capsys.readouterr().err


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("faults", "expected"),
    [(("die:SIGSEGV@load+extra_bufts",), "crashes"), ((), "nothing to repack")],
)
async def test_a_crash_is_survived(tmp_path: Path, faults: tuple[str, ...], expected: str) -> None:
    paths = default_paths()
    install(paths, tmp_path, SMALL)
    result = await bench_repack(
        candidate(paths, ""), paths, rounds=1, on_round=lambda done: None, command=fake_command(*faults)
    )
    assert (result["verdict"], result["gains"], repacking_pays(paths, result["sha256"])) == (expected, {}, False)
