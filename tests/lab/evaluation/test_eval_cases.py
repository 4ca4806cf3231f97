"""Where an evaluation asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lsp_experts.lab.evaluation.eval_cases import by_place, eval_cases
from lsp_experts.lab.replay_cases import KINDS, Case, SourceFile

FUNCTION = """\
def number{n}(first: int, second: int) -> int:
    value = compute(first, second)
    print("the value is", value)
    return value * {n}


"""
PYTHON = "import os\n\n" + "".join(FUNCTION.format(n=n) for n in range(12))
PAGE = """\
<html>
<head>
<style>
  .first {
    color: rgb(1, 2, 3);
    background: white;
  }
</style>
</head>
<body>
<p class="first">Some words to read, and more</p>
<script>
  const item = document.querySelector(".first");
  function show(text) {
    item.textContent = text.trim();
    item.hidden = false;
  }
</script>
</body>
</html>
"""
KEY = 'TOKEN = "ghp_0123456789abcdefghij0123456789abcdef"\n'


def python_files(count: int) -> list[SourceFile]:
    return [SourceFile(Path(f"/w/{n}.py"), "python", PYTHON + f"# {n}\n") for n in range(count)]


def whole(case: Case) -> str:
    return case.text[: case.offset] + case.truth + case.after


def test_cases_are_what_was_written_at_the_place_where_an_editor_puts_the_cursor() -> None:
    files = python_files(4)
    texts = {file.path: file.text for file in files}
    cases = eval_cases(files, 80, 7)
    assert len(cases) == 80
    assert {case.kind for case in cases} == set(KINDS)
    for case in cases:
        assert whole(case) == texts[case.path]
        assert case.truth == case.truth.strip() and len(case.truth) >= 8
        line = case.text[: case.offset].rpartition("\n")[2]
        assert bool(line.strip()) == (case.kind in ("end", "mid"))
        assert ("\n" in case.truth) == (case.kind == "block")
        assert case.after.startswith("\n") or case.kind == "mid"


def test_a_place_is_a_line_with_its_holes_or_a_block() -> None:
    places = by_place(eval_cases(python_files(4), 80, 7))
    assert sum(map(len, places)) == 80
    assert {len(place) for place in places} == {1, 2, 3}
    for place in places:
        kinds = [case.kind for case in place]
        assert kinds == ["block"] or kinds == [kind for kind in ("line", "end", "mid") if kind in kinds]
        lines = {whole(case).split("\n")[case.text.count("\n", 0, case.offset)] for case in place}
        assert len(lines) == 1


def test_they_are_spread_over_files_and_kinds() -> None:
    cases = eval_cases(python_files(30), 60, 7)
    assert len({case.path for case in cases}) >= 20
    counts = Counter(case.kind for case in cases)
    assert counts["block"] >= 6 and counts["line"] >= 6


def test_repeatable_and_drawn_by_the_seed() -> None:
    cases = eval_cases(python_files(6), 30, 7)
    assert eval_cases(python_files(6), 30, 7) == cases
    assert eval_cases(python_files(6), 30, 8) != cases


def test_each_language_has_its_limit_and_takes_turns() -> None:
    go = [SourceFile(Path("/w/a.go"), "go", PYTHON)]
    cases = eval_cases([*python_files(3), *go], 20, 7)
    assert Counter(case.language for case in cases) == {"go": 20, "python": 20}
    assert {case.language for case in cases[:6]} == {"go", "python"}
    only = eval_cases([*python_files(3), *go], 20, 7, ["go"])
    assert [case for case in cases if case.language == "go"] == list(only)
    assert eval_cases([*python_files(3), *go], 20, 7, ["rust"]) == ()


def test_regions_are_documents_of_their_own() -> None:
    cases = eval_cases([SourceFile(Path("/w/a.html"), "html", PAGE)], 50, 7)
    assert {case.language for case in cases} == {"html", "css", "javascript"}
    for case in cases:
        own = whole(case)
        assert (own == PAGE) == (case.language == "html")
        assert case.truth.split("\n")[0] in PAGE
        if case.language != "html":
            assert not case.text.startswith(" "), "without the indentation of the page"
            assert case.document_language == case.language


@pytest.mark.parametrize(
    ("syntax", "language"), [("vue", "html"), ("typescriptreact", "typescript"), ("scss", "scss"), ("go", "go")]
)
def test_what_experts_are_chosen_by(syntax: str, language: str) -> None:
    (case, *_) = eval_cases([SourceFile(Path("/w/a"), syntax, PYTHON)], 5, 7)
    assert (case.document_language, case.language) == (syntax, language)


# -- only some lines --------------------------------------------------------------------------------------------------


def lines_asked(files: Sequence[SourceFile], only: Mapping[Path, Sequence[range]]) -> set[int]:
    """The lines of the files that any hole touches."""
    found: set[int] = set()
    texts = {file.path: file.text for file in files}
    for case in eval_cases(files, 200, 7, only=only):
        text = texts[case.path]
        start = text.index(case.truth, case.offset if case.document_language == "python" else 0)
        found |= set(range(text.count("\n", 0, start), text.count("\n", 0, start + len(case.truth)) + 1))
    return found


def test_only_changed_lines() -> None:
    files = python_files(2)
    assert lines_asked(files, {files[0].path: [range(3, 5), range(8, 14)]}) <= {3, 4, *range(8, 14)}
    blocks = [case for case in eval_cases(files, 200, 7, only={files[0].path: [range(8, 14)]}) if case.kind == "block"]
    assert [case.truth.count("\n") for case in blocks] == [2], "a block counts if all of it is new"
    assert eval_cases(files, 200, 7, only={files[0].path: [range(9, 10)]})[0].kind != "block"
    assert eval_cases(files, 200, 7, only={}) == ()
    assert eval_cases(files, 200, 7, only={files[0].path: [range(900, 999)]}) == ()


def test_only_changed_lines_of_a_region() -> None:
    page = SourceFile(Path("/w/a.html"), "html", PAGE)
    script = PAGE[: PAGE.index("item.textContent")].count("\n")
    asked = eval_cases([page], 50, 7, only={page.path: [range(script, script + 1)]})
    assert asked and all(
        case.language == "javascript" and case.truth in "item.textContent = text.trim();" for case in asked
    )


# -- odd files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "x",
        "a = 1\n",
        "{\n" * 50,
        "é" * 900 + "\n",
        "if a:\n",
        "\x0c\n" * 9,
        "a = [1,\u2028 2, 3, 4]\n" * 4,
    ],
)
def test_odd_texts_are_no_trouble(text: str) -> None:
    for language in ("python", "html", "nonsense"):
        for case in eval_cases([SourceFile(Path("/w/a"), language, text)], 9, 7):
            assert whole(case) == text


def test_no_files_and_one_file() -> None:
    assert eval_cases([], 9, 7) == ()
    assert len(eval_cases(python_files(1), 9, 7)) == 9


def test_secrets_and_long_lines_are_not_asked() -> None:
    text = "value = compute(first, second)\n" + KEY * 5 + "number = " + "x_" * 100 + "\n" + "other = 1234\n"
    cases = eval_cases([SourceFile(Path("/w/a.py"), "python", text)], 50, 7)
    truths = {case.truth for case in cases}
    assert {"first, second", "other = 1234"} <= truths
    assert not any("ghp_" in truth or "x_x_" in truth for truth in truths)
