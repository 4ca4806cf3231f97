"""A task over several files: one edit to confirm, refusals with reasons, and nothing left when it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from actions.places import FOLDER, ScriptedFiles, with_changes
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.tasks.run import Tasks
from lsp_experts.errors import ActionRefused, EngineError
from lsp_experts.settings import Settings

A = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
B = "function three() {\n  return 3;\n}\n"
TEXTS = {"a.py": A, "b.js": B, "web/c.js": "let c = 1;\n"}
ONE, TWO = "def one():\n    return 11\n```", "def two():\n    return 22\n```"
THREE = "function three() {\n  return 33;\n}\n```"


def tasks(generator: ScriptedGenerator, files: ScriptedFiles, settings: Settings | None = None) -> Tasks:
    return Tasks(files, generator, lambda: settings or Settings())


async def run(
    instruction: str,
    answers: Sequence[Answer],
    *,
    files: ScriptedFiles | None = None,
    selection: tuple[int, int] = (0, 0),
    said: list[str] | None = None,
) -> tuple[Edited, ScriptedGenerator]:
    generator = ScriptedGenerator(*answers, size_bytes=1)
    files = files or ScriptedFiles(TEXTS, opened=["a.py", "b.js"])
    heard = said if said is not None else []
    return await tasks(generator, files).run(files.open()[0], *selection, instruction, heard.append), generator


def after(edited: Edited, path: str) -> str:
    return with_changes(TEXTS.get(path, ""), [change for change in edited.changes if change.uri == f"{FOLDER}/{path}"])


@pytest.mark.asyncio
async def test_steps_on_two_files_are_one_edit_to_confirm() -> None:
    said: list[str] = []
    edited, generator = await run("Let one() return 11 in a.py and three() return 33 in b.js", [ONE, THREE], said=said)
    assert after(edited, "a.py") == A.replace("1\n", "11\n", 1)
    assert after(edited, "b.js") == B.replace("3;", "33;")
    assert edited.confirm
    assert [change.label for change in edited.changes] == [
        "a.py: Let one() return 11 in a.py",
        "b.js: three() return 33 in b.js",
    ]
    assert [change.version for change in edited.changes] == [1, 1]
    assert edited.note == "2 of 2 steps done. Split by rule: every part names its file."
    assert said[:2] == ["splitting the task", "step 1 of 2: a.py"]
    assert "step 2 of 2: b.js" in said
    assert [asked.language for asked in generator.followed] == ["python", "javascript"]


@pytest.mark.asyncio
async def test_steps_on_one_file_build_on_each_other() -> None:
    whole = "def one():\n    return 11\n\n\ndef two():\n    return 2\n"
    edited, generator = await run(
        "1. In a.py let one() return 11\n2. In a.py let two() return 22\n3. In a.py let one() return 111",
        [ONE, TWO, "def one():\n    return 111\n```"],
    )
    assert "return 11\n" in generator.followed[2].asked
    assert whole.count("11") == 1
    assert after(edited, "a.py") == A.replace("1\n", "111\n", 1).replace("2\n", "22\n")
    assert len(edited.changes) == 2


@pytest.mark.asyncio
async def test_a_refused_step_is_told_with_its_reason_and_the_others_stand() -> None:
    files = ScriptedFiles(TEXTS, opened=["a.py"], locked=["b.js"])
    edited, _ = await run("let three() return 33 in b.js; one() returns 11 in a.py; fix gone.js", [ONE], files=files)
    assert [change.uri for change in edited.changes] == [f"{FOLDER}/a.py"]
    assert edited.note.startswith(
        "1 of 3 steps done. Refused: b.js: it cannot be written. Refused: gone.js: there is no such file, and the task "
        "does not say to create it."
    )


@pytest.mark.asyncio
async def test_a_file_that_nobody_has_open_is_changed_as_it_was_read() -> None:
    edited, _ = await run("set c to 2 in web/c.js", ["let c = 2;\n```"])
    (change,) = edited.changes
    assert (change.version, change.expected, after(edited, "web/c.js")) == (None, TEXTS["web/c.js"], "let c = 2;\n")
    assert edited.note == "1 step done."


@pytest.mark.asyncio
async def test_a_new_file_is_made() -> None:
    edited, generator = await run("create web/new.js with a constant", ["const x = 1;\n```"])
    (change,) = edited.changes
    assert (change.uri, change.creates, change.new_text) == (f"{FOLDER}/web/new.js", True, "const x = 1;\n")
    assert generator.followed[0].answer == "```javascript\n"


@pytest.mark.asyncio
async def test_a_new_file_that_is_no_code_is_asked_for_again() -> None:
    edited, generator = await run("create web/new.js with a constant", ["const x = (;\n```", "const x = 1;\n```"])
    assert edited.changes[0].new_text == "const x = 1;\n"
    assert "const x = (;" in generator.followed[1].asked
    assert "it has a syntax error in line 1" in generator.followed[1].asked
    with pytest.raises(ActionRefused, match=r"web/new\.js: .* it is empty \(twice\)"):
        await run("create web/new.js with a constant", ["", ""])


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["../out.js", "web/../../out.js"])
async def test_no_file_is_made_outside_of_the_folder(name: str) -> None:
    files = ScriptedFiles(TEXTS, opened=["a.py"])
    with pytest.raises(ActionRefused):
        await run(f"create {name} with a constant", [], files=files)


@pytest.mark.asyncio
async def test_a_selection_is_what_is_rewritten() -> None:
    start = A.index("def two")
    edited, _ = await run("return twenty-two", [TWO], selection=(start, len(A)))
    (change,) = edited.changes
    line = A.index("\n", start) + 1  # the header of the function stays as it is
    assert (change.start, after(edited, "a.py")) == (line, A.replace("2\n", "22\n"))


@pytest.mark.asyncio
async def test_a_name_that_means_several_files_is_asked_back() -> None:
    files = ScriptedFiles({"x/i.js": "1", "y/i.js": "2", "a.py": A}, opened=["a.py"])
    with pytest.raises(ActionRefused, match=r"i\.js may be x/i\.js or y/i\.js") as refused:
        await run("fix i.js", [], files=files)
    assert refused.value.remedy == "Name its folder too."
    edited, _ = await run("fix y/i.js", ["3\n```"], files=files)
    assert [change.uri for change in edited.changes] == [f"{FOLDER}/y/i.js"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("instruction", "answers", "message"),
    [
        ("  ", [], "The task is empty"),
        ("x " * 3000, [], "more than 4,000 characters"),
        (
            "Let one() return 11",
            ["I would rather not say anything about this."] * 2,
            "Nothing came of the task. a.py: ",
        ),
        ("Let one() return 11", [EngineError("died", "the engine ended")], "a.py: the engine ended"),
        (" ".join(f"fix f{number}.py;" for number in range(20)), [], "names 20 files"),
    ],
)
async def test_what_cannot_be_done_is_refused(instruction: str, answers: list[Answer], message: str) -> None:
    with pytest.raises(ActionRefused, match=message):
        await run(instruction, answers)


@pytest.mark.asyncio
async def test_without_an_expert_that_follows_it_says_which_to_pull() -> None:
    files = ScriptedFiles(TEXTS, opened=["a.py"])
    with pytest.raises(ActionRefused) as refused:
        await tasks(ScriptedGenerator(follows=False), files).run(files.open()[0], 0, 0, "fix one()", lambda said: None)
    assert "lsp-experts pull" in refused.value.remedy


@pytest.mark.asyncio
async def test_a_document_that_is_left_alone_is_left_alone() -> None:
    files = ScriptedFiles({".env": "KEY=1\n"}, opened=[".env"])
    with pytest.raises(ActionRefused, match="secrets file"):
        await run("fix it", [], files=files)
    files = ScriptedFiles(TEXTS, opened=["a.py"])
    with pytest.raises(ActionRefused, match="off"):
        await tasks(ScriptedGenerator(), files, Settings(enabled=False)).run(
            files.open()[0], 0, 0, "x", lambda said: None
        )


@pytest.mark.asyncio
async def test_a_large_interpreter_splits_what_no_rule_can() -> None:
    files = ScriptedFiles(TEXTS, opened=["a.py", "b.js"])
    whole = A.replace("1\n", "11\n", 1).rstrip() + "\n```"
    generator = ScriptedGenerator("a.py: let one return 11\nb.js: let three return 33", whole, THREE)
    task = "let one return 11 and three return 33"
    edited = await tasks(generator, files).run(files.open()[0], 0, 0, task, lambda said: None)
    assert (after(edited, "a.py"), after(edited, "b.js")) == (A.replace("1\n", "11\n", 1), B.replace("3;", "33;"))
    assert edited.note == "2 of 2 steps done. Split by the interpreter."
    assert generator.followed[0].prose


class Waiting(ScriptedGenerator):
    """Never comes to an end at the answer `at`."""

    def __init__(self, at: int, *answers: Answer) -> None:
        super().__init__(*answers, size_bytes=1)
        self.at, self.waits = at, asyncio.Event()

    async def follow(self, *arguments, **named):  # type: ignore[no-untyped-def]
        if len(self.asked) == self.at:
            self.waits.set()
            await asyncio.sleep(3600)
        return await super().follow(*arguments, **named)


@pytest.mark.asyncio
@pytest.mark.parametrize("at", [0, 1])
async def test_cancelled_at_every_stage_it_ends_without_an_edit(at: int) -> None:
    files = ScriptedFiles(TEXTS, opened=["a.py", "b.js"])
    generator = Waiting(at, ONE, THREE)
    work = asyncio.create_task(
        tasks(generator, files).run(
            files.open()[0], 0, 0, "one() returns 11 in a.py; three() 33 in b.js", lambda said: None
        )
    )
    await generator.waits.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert len(generator.asked) == at
