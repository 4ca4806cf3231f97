"""What was learned of a workspace survives the session, and is written no more often than it must be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lsp_experts.routing.switches_file import load
from lsp_experts.server.learned_switches import LearnedSwitches

pytestmark = pytest.mark.asyncio


async def never(seconds: float) -> None:
    await asyncio.Event().wait()


async def work(file: Path, *languages: str) -> None:
    switches = LearnedSwitches(file, never)
    for language in languages:
        switches.observe(language)
    await asyncio.wait_for(switches.close(), 20)


async def test_a_habit_is_known_in_the_next_session(tmp_path: Path) -> None:
    file = tmp_path / "switches" / "0123.json"
    await work(file, "go", "html", "go", "html", "go")
    again = LearnedSwitches(file)
    again.observe("go")
    assert max(again.next_languages(()).items(), key=lambda pair: pair[1])[0] == "html"
    assert file.stat().st_mode & 0o077 == 0
    await again.close()


async def test_without_a_switch_nothing_is_written(tmp_path: Path) -> None:
    await work(tmp_path / "switches" / "0123.json", "go", "go")
    assert list(tmp_path.iterdir()) == []


async def test_what_came_after_the_last_writing_is_written_at_the_end(tmp_path: Path) -> None:
    file, slept = tmp_path / "0123.json", asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.set()
        await asyncio.Event().wait()

    switches = LearnedSwitches(file, sleep)
    switches.observe("go")
    switches.observe("html")
    await asyncio.wait_for(slept.wait(), 20)
    first = load(file).counts
    switches.observe("sql")
    assert load(file).counts == first
    await switches.close()
    assert load(file).counts == switches.counts != first


async def test_a_file_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "switches").write_text("no folder")
    await work(tmp_path / "switches" / "0123.json", "go", "html")
