"""A check from the folder to the verdict, with real processes; and one repair round of what it finds."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from actions.places import ScriptedFiles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.check.checking import Verdict, carried_out
from lsp_experts.actions.check.checks import Checks
from lsp_experts.actions.check.configured import Check, set_check
from lsp_experts.actions.outcome import Edited
from lsp_experts.errors import ActionRefused
from lsp_experts.paths import default_paths

asynchronous = pytest.mark.asyncio
BROKEN = "def half(n):\n    return m / 2\n\n\nassert half(4) == 2\n"
FIXED = BROKEN.replace("m /", "n /")


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where copies are made; nothing may be left there."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "half.py").write_text(BROKEN)
    return folder


def command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-B", *words)


def quiet(sentence: str) -> None:
    return None


@asynchronous
async def test_a_check_sees_unsaved_edits_and_leaves_the_folder_alone(shop: Path) -> None:
    check = Check(shop, command("half.py"))
    saved, typed = await carried_out(check, {}), await carried_out(check, {"half.py": FIXED})
    assert [(error.path, error.line, error.message) for error in saved.errors] == [
        ("half.py", 2, "NameError: name 'm' is not defined")
    ]
    assert (saved.passed, saved.told) == (False, "failed with exit code 1, 1 error found")
    assert (typed.passed, typed.told, typed.errors) == (True, "passed", ())
    assert (shop / "half.py").read_text() == BROKEN
    assert [path.name for path in shop.iterdir()] == ["half.py"]


@asynchronous
async def test_what_it_writes_is_gone_with_the_copy(shop: Path) -> None:
    assert (await carried_out(Check(shop, command("-c", "open('new', 'w'); open('half.py', 'w')")), {})).passed
    assert [path.name for path in shop.iterdir()] == ["half.py"]
    assert (shop / "half.py").read_text() == BROKEN


@asynchronous
async def test_one_that_takes_too_long(shop: Path) -> None:
    verdict = await carried_out(Check(shop, command("-c", "import time; time.sleep(600)"), timeout_s=0.5), {})
    assert (verdict.code, verdict.told) == (None, "took more than 0 s and was ended")


@asynchronous
async def test_cancelled_nothing_is_left(shop: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(600)"
    running = asyncio.create_task(carried_out(Check(shop, command("-c", program)), {}))
    while not started.exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@asynchronous
@pytest.mark.parametrize("steps", range(6))
async def test_cancelled_at_any_moment(steps: int, shop: Path) -> None:
    running = asyncio.create_task(carried_out(Check(shop, command("half.py")), {}))
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# -- for a client -----------------------------------------------------------------------------------------------------


def checks(shop: Path, generator: ScriptedGenerator, texts: dict[str, str]) -> Checks:
    files = ScriptedFiles(texts, opened=list(texts), folder_uri=shop.as_uri())
    return Checks(default_paths(), files, generator)


async def repaired(shop: Path, generator: ScriptedGenerator, texts: dict[str, str]) -> tuple[Verdict, Edited]:
    set_check(default_paths(), shop, f"{sys.executable} -B half.py")
    part = checks(shop, generator, texts)
    check = await part.check()
    views = await part.views(check)
    verdict = await part.run(check, views, quiet)
    return verdict, await part.repair(verdict, views, quiet)


@asynchronous
async def test_a_document_whose_name_no_file_can_have_is_left_out(shop: Path) -> None:
    set_check(default_paths(), shop, "true")
    part = checks(shop, ScriptedGenerator(), {"half.py": FIXED, "a%00.py": "x"})
    assert list(await part.views(await part.check())) == ["half.py"]


@asynchronous
async def test_a_repair_that_passes(shop: Path) -> None:
    generator = ScriptedGenerator("def half(n):\n    return n / 2\n```")
    verdict, edited = await repaired(shop, generator, {"half.py": BROKEN})
    assert not verdict.passed
    assert "line 2: NameError: name 'm' is not defined" in generator.followed[0].asked
    (change,) = edited.changes
    assert BROKEN[: change.start] + change.new_text + BROKEN[change.end :] == FIXED
    assert (change.version, edited.confirm) == (1, True)
    assert edited.note == "The check passed after the repair."
    assert (shop / "half.py").read_text() == BROKEN


@asynchronous
async def test_a_repair_that_does_not_pass_says_so_and_there_is_no_second_round(shop: Path) -> None:
    generator = ScriptedGenerator("def half(n):\n    return n / 3\n```", "def half(n):\n    return n / 2\n```")
    _, edited = await repaired(shop, generator, {"half.py": BROKEN})
    assert edited.note.startswith("The check still fails: failed with exit code 1, 1 error found; half.py:5")
    assert len(generator.followed) == 1


@asynchronous
async def test_an_error_in_no_open_document_is_not_repaired(shop: Path) -> None:
    generator = ScriptedGenerator("x")
    with pytest.raises(ActionRefused, match="in no open document"):
        await repaired(shop, generator, {"other.py": ""})
    assert generator.asked == []


@asynchronous
async def test_a_model_that_rambles_repairs_nothing(shop: Path) -> None:
    with pytest.raises(ActionRefused, match=r"Nothing was repaired\. half\.py, line 2"):
        await repaired(
            shop, ScriptedGenerator(*["I would rather talk about this error in general."] * 3), {"half.py": BROKEN}
        )


@asynchronous
async def test_a_file_that_an_edit_touched_may_be_repaired_too(shop: Path) -> None:
    set_check(default_paths(), shop, f"{sys.executable} half.py")
    files = ScriptedFiles({"half.py": BROKEN}, folder_uri=shop.as_uri())
    part = Checks(default_paths(), files, ScriptedGenerator("def half(n):\n    return n / 2\n```"))
    check = await part.check()
    views = await part.views(check, [f"{shop.as_uri()}/half.py", f"{shop.as_uri()}/gone.py"])
    edited = await part.repair(await part.run(check, views, quiet), views, quiet)
    assert [(change.version, change.expected) for change in edited.changes] == [(None, BROKEN)]


@asynchronous
async def test_without_a_command_it_says_how_to_set_one(shop: Path) -> None:
    with pytest.raises(ActionRefused, match="No command checks") as refused:
        await checks(shop, ScriptedGenerator(), {}).check()
    assert f'lsp-experts check --set "COMMAND" {shop}' in refused.value.remedy


@asynchronous
async def test_without_a_folder_there_is_nothing_to_check() -> None:
    part = Checks(default_paths(), ScriptedFiles(folder_uri=""), ScriptedGenerator())
    with pytest.raises(ActionRefused, match="no folder"):
        await part.check()
