"""The report as JSON and as a page: complete, self-contained, and well formed whatever an expert is called."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from made_up_evaluation import contestant, evaluation

from lsp_experts.lab.evaluation.figures import Interval
from lsp_experts.lab.evaluation.plots import Point, exactly, scatter
from lsp_experts.lab.evaluation.recommendation import Recommendation
from lsp_experts.lab.evaluation.report import report
from lsp_experts.lab.evaluation.report_html import report_page, sentences_list
from lsp_experts.lab.gate_fit import Fit

BASE, CARVED = contestant("base", megabytes=500), contestant("go-carved", megabytes=300, made_of="base")
VOID = {"meta"}


class Tags(HTMLParser):
    """Every tag that was opened is closed, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(name: str = "go-carved") -> str:
    made = contestant(name, megabytes=300, made_of="base")
    found = [
        evaluation({BASE: lambda number: number % 2 == 0, made: lambda number: number % 3 == 0}),
        evaluation({BASE: lambda number: False}, 10, language="html"),
    ]
    said = Recommendation("go", "base", name, f"Go: start with `base` and not with `{name}`: it is better")
    return report_page(report(found, {"base": Fit(0.25, 0.2, 0.3)}, [said]), "Experts on this code", "about")


def test_the_report_is_plain_json() -> None:
    found = evaluation({BASE: lambda number: number % 2 == 0, CARVED: lambda number: number % 2 == 0})
    said = json.loads(json.dumps(report([found], {"base": Fit(0.25, 0.2, 0.3)}, []), allow_nan=False))
    assert (said["drawn"], said["done"], said["since"]) == (200, 200, "")
    part = said["languages"]["go"]
    assert (part["cases"], part["files"], list(part["experts"])) == (200, 50, ["base", "go-carved"])
    assert part["experts"]["base"]["exact"]["value"] == 0.5
    assert part["experts"]["go-carved"]["base"] == "base"
    (compared,) = part["comparisons"]
    assert (compared["expert"], compared["against"], compared["verdict"]) == ("go-carved", "base", "as good as")
    assert (compared["memory_share"], compared["exact_points"]["value"]) == (0.6, 0)
    assert part["verdicts"] == [
        "for Go on this code, `go-carved` is as good as `base` (+0.0 ± 1.0 points exact, 95 %) at 60 % of its memory"
    ]
    assert said["gates"] == {"base": {"gate": 0.25, "low": 0.2, "high": 0.3}}


def test_nothing_measured() -> None:
    assert report([], {}, [])["languages"] == {}


@pytest.mark.parametrize("name", ["go-carved", '<b>"x" & `y`</b>'])
def test_a_page_is_whole_and_fetches_nothing(name: str) -> None:
    page = page_of(name)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen >= {"svg", "table", "circle", "h2", "ol"} and not tags.seen & {"script", "link", "img", "b>"}
    assert not re.search(r"https?:|url\(|@import|src=", page)
    assert page.count("<svg") == 6
    assert "prefers-color-scheme:dark" in page
    assert "<h2>Go</h2>" in page and "<h2>HTML</h2>" in page
    assert "33.5 ± " in page and "-16.5 ± " in page


def test_backquotes_are_code() -> None:
    assert sentences_list(["for `a<b` all"]) == "<ul><li>For <code>a&lt;b</code> all.</li></ul>"


@pytest.mark.parametrize(
    "points",
    [
        [Point("one", exactly(100), exactly(40))],
        [Point("nothing", exactly(0), exactly(0))],
        [Point("a", exactly(0.2), Interval(0.1, 0.0, 0.3)), Point("b", Interval(5000, 1, 9000), exactly(-3))],
        [Point(str(number), exactly(number), exactly(number)) for number in range(12)],
    ],
)
def test_all_of_a_plot_lies_inside(points: list[Point]) -> None:
    drawn = scatter(points, "title", "x", "y")
    width, height = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', drawn)[0])
    xs = [float(value) for value in re.findall(r'\b(?:x1|x2|cx|x)="([^"]+)"', drawn)]
    ys = [float(value) for value in re.findall(r'\b(?:y1|y2|cy|y)="([^"]+)"', drawn)]
    assert min(xs) >= 0 and max(xs) <= width and min(ys) >= 0 and max(ys) <= height
    assert drawn.count("<circle") == len(points)


def test_more_is_higher_and_farther_right() -> None:
    drawn = scatter([Point("a", exactly(1), exactly(1)), Point("b", exactly(2), exactly(2))], "title", "x", "y")
    (x1, y1), (x2, y2) = ((float(x), float(y)) for x, y in re.findall(r'cx="([^"]+)" cy="([^"]+)"', drawn))
    assert x1 < x2 and y1 > y2
