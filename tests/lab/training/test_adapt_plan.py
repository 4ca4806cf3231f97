"""What would be trained: the base, the texts and the places to judge by, of small repositories made here by git."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from installed_tinies import install
from made_repository import commit as commit_files
from made_repository import git

from lsp_experts.errors import AdaptError, UsageError
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.training.adapt_plan import AdaptOrder, Plan, adapter_id, plan
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.disk import hash_file
from lsp_experts.registry.store import Store


def code(number: int) -> str:
    return "".join(
        f"def name{number}_{line}(value{line * number}, most):\n    return other{number + line}(value{line}, most)\n\n"
        for line in range(12)
    )


def write(folder: Path, numbers: range, suffix: str = "py") -> None:
    for number in numbers:
        (folder / f"file{number}.{suffix}").write_text(code(number))


def commit(folder: Path, numbers: range) -> str:
    return commit_files(folder, "x", {f"file{number}.py": code(number) for number in numbers})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    install(
        default_paths(),
        tmp_path,
        {
            "general": {"languages": ["*"]},
            "script": {"languages": ["javascript", "javascriptreact"]},
            "both": {"languages": ["lua", "go"]},
            "script-lora": {"languages": ["javascript"], "kind": "adapter", "base": "script"},
        },
    )
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def repository(folder: Path) -> tuple[Path, list[str]]:
    """A repository and its ten commits; each adds five files of 24 lines with something to say."""
    git(folder, "init", "-q", "-b", "main")
    return folder, [commit(folder, range(5 * number, 5 * number + 5)) for number in range(10)]


def planned(order: AdaptOrder, began_with: Callable[[str], str | None] = lambda key: None) -> Plan | None:
    paths = default_paths()
    return plan(order, load_catalogue(paths), Store(paths.store), adapter_id(order), began_with)


def adopt(folder: Path, **provenance: str) -> None:
    """An adapter as an earlier `adapt` would have left it."""
    store = Store(default_paths().store)
    base = store.check("general")
    about = {"language": "python", "base_id": "general", "base_sha256": base.sha256, "rank": "4", "commit": ""}
    with store.temporary() as temporary:
        write_random_adapter(base.path, temporary, rank=4)
        with temporary.open("rb") as file:
            sha256 = hash_file(file)
        size = temporary.stat().st_size
        store.adopt("python-adapted", temporary, sha256=sha256, size=size, source="x", provenance=about | provenance)


def test_later_commits_judge(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    made = planned(AdaptOrder(folder))
    assert made is not None and made.split in commits[4:9]
    before = 5 * (commits.index(made.split) + 1)
    numbers = {int(file.path.stem.removeprefix("file")) for file in (*made.texts.files, *made.texts.watched)}
    assert numbers == set(range(before))
    assert {int(case.path.stem.removeprefix("file")) for case in made.cases} <= set(range(before, 50))
    assert (made.base.id, made.languages, made.start) == ("general", ("python",), None)


def test_a_stopped_training_keeps_its_split(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    keys: list[str] = []
    made = planned(AdaptOrder(folder), lambda key: keys.append(key) or commits[5])
    again = planned(AdaptOrder(folder), lambda key: keys.append(key) or commits[5])
    other = planned(AdaptOrder(folder, rank=3))
    assert made is not None and again is not None and other is not None
    assert made.split == commits[5] and made.key == again.key == keys[0] != other.key


def test_a_split_that_history_has_no_more_is_made_anew(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    made = planned(AdaptOrder(folder), lambda key: "0" * 40)
    assert made is not None and made.split in commits[4:9]
    shutil.rmtree(folder / ".git")
    without = planned(AdaptOrder(folder), lambda key: commits[5])
    assert without is not None and without.split == ""


@pytest.mark.parametrize("language", ["", "javascript", "javascriptreact"])
def test_files_of_a_kin_language_are_of_the_one_that_cases_are_of(folder: Path, language: str) -> None:
    write(folder, range(40), "jsx")
    made = planned(AdaptOrder(folder, base="general", language=language, expert_id="adapted"))
    assert made is not None and made.languages == ("javascript",)
    assert made.judged_files == 12 and len(made.texts.files) > 20
    assert {case.language for case in made.cases} == {"javascript"}


def test_only_files_of_the_language_that_decides_count_as_judges(folder: Path) -> None:
    """The base is made for two languages, and nearly all of what is held out is of the other one."""
    write(folder, range(60), "go")
    write(folder, range(60, 63), "lua")
    with pytest.raises(UsageError, match="too little lua"):
        planned(AdaptOrder(folder, base="both", language="lua"))


def test_without_a_history_files_are_held_out(folder: Path) -> None:
    write(folder, range(40))
    made = planned(AdaptOrder(folder))
    assert made is not None and made.split == "" and made.judged_files == 12
    assert not {case.path for case in made.cases} & {file.path for file in (*made.texts.files, *made.texts.watched)}


def test_the_base_is_who_answers_now_or_what_an_adapter_is_over(folder: Path) -> None:
    write(folder, range(40), "js")
    made = planned(AdaptOrder(folder))
    assert made is not None
    assert (made.base.id, made.languages, made.expert_id) == (
        "script", ("javascript", "javascriptreact"), "javascript-adapted",
    )  # fmt: skip
    named = planned(AdaptOrder(folder, base="script-lora", expert_id="mine"))
    assert named is not None and (named.base.id, named.expert_id) == ("script", "mine")
    general = planned(AdaptOrder(folder, base="general"))
    assert general is not None and general.languages == ("javascript",)


def test_a_refresh_learns_what_changed_and_as_much_of_the_rest(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    adopt(folder, commit=commits[2])
    made = planned(AdaptOrder(folder, refresh=True, rank=16))
    assert made is not None and made.start is not None and made.rank == 4
    numbers = [int(file.path.stem.removeprefix("file")) for file in (*made.texts.files, *made.texts.watched)]
    at = commits.index(made.split)
    changed = set(range(15, 5 * at + 5))
    assert changed < set(numbers) and len(numbers) == min(5 * at + 5, 2 * len(changed))


def test_a_refresh_has_nothing_to_do_where_nothing_is_new(repository: tuple[Path, list[str]]) -> None:
    folder, _ = repository
    first = planned(AdaptOrder(folder))
    assert first is not None
    adopt(folder, commit=first.split)
    assert planned(AdaptOrder(folder, refresh=True)) is None


def test_a_refresh_never_judges_by_what_the_adapter_has_seen(repository: tuple[Path, list[str]]) -> None:
    """One that was trained without a history has seen lines of any commit, but not the files that were held out."""
    folder, _ = repository
    adopt(folder, commit="")
    made = planned(AdaptOrder(folder, refresh=True))
    assert made is not None and made.split == ""
    held_out = {case.path for case in made.cases}
    assert not held_out & {file.path for file in (*made.texts.files, *made.texts.watched)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_sha256": "0" * 64}, "is not over the general that is installed"),
        ({"commit": "0" * 40}, "does not have the last commit seen, 000000000000"),
    ],
)
def test_a_refresh_of_what_does_not_fit(
    repository: tuple[Path, list[str]], changes: dict[str, str], words: str
) -> None:
    folder, _ = repository
    adopt(folder, **changes)
    with pytest.raises(AdaptError, match=words):
        planned(AdaptOrder(folder, refresh=True))


def test_one_that_was_not_trained_here(folder: Path) -> None:
    write(folder, range(40), "js")
    order = AdaptOrder(folder, expert_id="script-lora", refresh=True)
    with pytest.raises(AdaptError, match="was not trained here"):
        planned(order)
    assert planned(replace(order, refresh=False)) is not None


@pytest.mark.parametrize("count", [0, 1, 20])
def test_too_little(folder: Path, count: int) -> None:
    write(folder, range(count))
    (folder / "binary.py").write_bytes(b"\0" * 99)
    with pytest.raises(UsageError):
        planned(AdaptOrder(folder))
