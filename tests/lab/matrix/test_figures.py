"""What a matrix comes to, where the answer is known: evaluations are made up."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest

from lsp_experts.lab.carving.coverage import Coverage
from lsp_experts.lab.carving.cut_entrant import BASE
from lsp_experts.lab.evaluation.records import Contestant, Evaluation, Outcome
from lsp_experts.lab.matrix.figures import ALL, Difference, differences, matrix, sentence
from lsp_experts.lab.matrix.models import CODE
from lsp_experts.lab.matrix.report import report
from lsp_experts.lab.matrix.tables import html, tables

LANGUAGES = ("go", "css", "rust")
NAMES = (*LANGUAGES, CODE, BASE)
BYTES = 40


def evaluation(
    bits: Callable[[str, str, float], float],
    right: Callable[[str, str], bool] = lambda *_: True,
    files: int = 12,
) -> Evaluation:
    """`bits(contestant, language, difficulty)` of each line's bytes; 60 lines of each language, in `files`."""
    outcomes = []
    for language in LANGUAGES:
        rng = random.Random(language)
        for line in range(60):
            difficulty = rng.uniform(0.2, 3.0)
            outcomes += [
                Outcome(
                    f"{language}{line}", f"{language}{line % files}", language, "line", name, right(name, language), 0,
                    0, 0.0, bits(name, language, difficulty) * BYTES * math.log(2), BYTES, 0, 0, 0, 9, 0, 0, False,
                )
                for name in NAMES
            ]  # fmt: skip
    contestants = tuple(Contestant(name, name, "carved", 250_000_000, 300_000_000, 24_000, BASE) for name in NAMES)
    return Evaluation(contestants, tuple(outcomes), 200, 180, "")


def of_all(found: tuple[Difference, ...]) -> Difference:
    assert [each.language for each in found] == [*LANGUAGES, ALL]
    return found[-1]


def test_each_cell_is_a_contestant_s_figures_in_a_language() -> None:
    cells = matrix(evaluation(lambda name, language, _: 1.0 + (name == language)), LANGUAGES)
    assert set(cells) == set(NAMES)
    for name, row in cells.items():
        for language, cell in row.items():
            assert cell.bits_per_byte.value == pytest.approx(2.0 if name == language else 1.0)
            assert (cell.cases, cell.files) == (60, 12)


def test_specialisation_that_pays() -> None:
    """A foreign cut costs a tenth more, cutting for all a twentieth, no cut a hundredth less."""
    prices = {CODE: 1.05, BASE: 0.99}

    def bits(name: str, language: str, difficulty: float) -> float:
        return difficulty * (1.0 if name == language else prices.get(name, 1.1))

    found = differences(evaluation(bits), LANGUAGES)
    for each in found:
        mean = each.own_bits_per_byte
        assert each.others.value == pytest.approx(-0.1 * mean)
        assert each.control.value == pytest.approx(-0.05 * mean)
        assert each.base.value == pytest.approx(0.01 * mean)
        assert each.control.low < each.control.value < each.control.high < 0
        assert each.verdict == "pays"
    assert (of_all(found).files, of_all(found).lines) == (36, 180)
    said = sentence(of_all(found), 24_000)
    assert said.startswith("At 24,000 tokens, for all languages, specialisation pays")
    assert "5.0% of what it needs" in said


def test_others_are_the_mean_of_the_other_languages_experts() -> None:
    bits = {"go": 2.0, "css": 4.0, "rust": 9.0, CODE: 1.0, BASE: 1.0}
    go, css, rust, _ = differences(evaluation(lambda name, *_: bits[name]), LANGUAGES)
    assert [each.others.value for each in (go, css, rust)] == pytest.approx([2 - 6.5, 4 - 5.5, 9 - 3.0])


@pytest.mark.parametrize(
    ("own", "verdict"),
    [(1.05, "does not pay"), (0.95, "pays"), (1.0, "cannot tell")],
)
def test_the_verdict(own: float, verdict: str) -> None:
    noise = random.Random(1)

    def bits(name: str, language: str, difficulty: float) -> float:
        return difficulty * (own if name == language else 1.0) + (noise.gauss(0, 0.02))

    found = of_all(differences(evaluation(bits), LANGUAGES))
    assert found.verdict == verdict
    assert (found.control.low <= 0 <= found.control.high) == (verdict == "cannot tell")


def test_few_files_tell_nothing() -> None:
    def bits(name: str, language: str, difficulty: float) -> float:
        return difficulty * (1.0 if name == language else 1.1)

    found = differences(evaluation(bits, files=7), LANGUAGES)
    assert [each.verdict for each in found] == ["cannot tell"] * 3 + ["pays"]  # 21 files in all
    assert all(each.control.high < 0 for each in found)


def test_right_lines_are_counted_in_points() -> None:
    found = of_all(differences(evaluation(lambda *_: 1.0, lambda name, language: name in (language, BASE)), LANGUAGES))
    assert (found.control_points.value, found.base_points.value) == (100.0, 0.0)


def test_a_language_that_nobody_read_in_time_is_left_out() -> None:
    whole = evaluation(lambda *_: 1.0)
    part = Evaluation(whole.contestants, tuple(each for each in whole.outcomes if each.language == "go"), 200, 60, "")
    assert [each.language for each in differences(part, LANGUAGES)] == ["go", ALL]


def test_report_tables_and_page() -> None:
    read = evaluation(lambda name, language, difficulty: difficulty * (1.0 if name == language else 1.1))
    shares = {name: {language: Coverage(1000, 0.97, 1.05) for language in LANGUAGES} for name in NAMES}
    result = json.loads(json.dumps(report(read, read, shares, LANGUAGES, 24_000)))
    assert (result["done"], result["drawn"]) == (180, 200)
    assert result["contestants"]["go"]["cells"]["css"]["kept_share"] == 0.97
    found = tables(result)
    assert len(found) == 6
    for table in found:
        assert {len(row) for row in table.rows} == {len(table.headings)}
    assert [row[0] for row in found[4].rows] == [*LANGUAGES, ALL]
    assert found[0].rows[0][0] == "go (24,000; 250.0 MB)"
    assert found[5].rows[0][1] == "100.0 of 60"
    text = html(result)
    assert text.startswith("<!doctype html>")
    assert result["sentence"].removesuffix(".") in text
    assert "http" not in text
