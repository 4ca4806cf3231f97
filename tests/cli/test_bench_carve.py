"""`bench carve` on tiny models: rows, neighbours, coverage, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.cli import bench_carve
from lsp_experts.cli.main import main, parser
from lsp_experts.errors import CarveError, UsageError
from lsp_experts.lab.carving.carve_report import html
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

CODE = (
    "package main\n\nfunc {name}(class string) int {{\n"
    "\tif class == width {{\n\t\treturn color\n\t}}\n\treturn err\n}}\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    write_tiny_gguf(folder / "base.gguf", n_ff=512, n_ctx=2048)
    for side in ("data", "corpus"):
        (folder / side).mkdir()
        for number in range(3):
            (folder / side / f"{side}{number}.go").write_text(CODE.format(name=f"{side}{number}") * 4)
    return folder


def benched(made: Path, *more: str) -> int:
    told = ["bench", "carve", "--language", "go", "--data", str(made / "data"), "--corpus", str(made / "corpus")]
    return main([*told, "--from", str(made / "base.gguf"), "--limit", "4", *more])


@pytest.mark.parametrize("shown", ["json", "table"])
def test_each_carved_row_stands_beside_a_plain_one(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    monkeypatch.setattr("lsp_experts.lab.carving.keepset.shipped", tuple)  # they are for another tokenizer
    page = tmp_path / "carve.html"
    sizes = ("--tokens", "300,400", "--quants", "Q8_0,Q8_0+Q4_0,Q4_0@corpus", "--ffn-blocks", "1", "--html", str(page))
    assert benched(made, *sizes, *(["--json"] if shown == "json" else [])) == 0
    said = capsys.readouterr().out
    assert "<svg" in page.read_text() and "tokens-300" in page.read_text()
    assert not list(default_paths().store.rglob("*.gguf"))
    if shown == "table":
        assert "tokens-300" in said and "bits per byte" in said
        return
    result = json.loads(said)
    rows: dict[str, Any] = {row["name"]: row for row in result["rows"]}
    assert list(rows) == ["base", "tokens-300", "tokens-400", "ffn-1", "Q8_0", "Q8_0+Q4_0", "Q4_0@corpus"]
    assert result["done"] == result["cases"] > 0
    assert rows["base"]["base"] is None and rows["base"]["plain"] is None and rows["Q8_0"]["plain"] is None
    assert rows["tokens-300"]["plain"]["name"] in ("base", "Q8_0", "Q8_0+Q4_0")
    assert rows["Q8_0+Q4_0"]["file_bytes"] < rows["Q8_0"]["file_bytes"] < rows["base"]["file_bytes"]
    assert rows["tokens-300"]["n_vocab"] == 300
    assert rows["tokens-300"]["kept_share"] < rows["tokens-400"]["kept_share"] <= 1 == rows["base"]["kept_share"]
    assert rows["tokens-300"]["inflation"] > rows["tokens-400"]["inflation"] >= 1
    assert rows["ffn-1"]["file_bytes"] < rows["base"]["file_bytes"]
    assert rows["Q4_0@corpus"]["way"] == "importance" and rows["Q4_0@corpus"]["plain"]["name"] == "Q8_0+Q4_0"
    assert len(result["sentences"]) == 4 and html(result)
    assert all("cannot be told from" in sentence for sentence in result["sentences"])  # three files tell nothing


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"tokens": "many"}, UsageError, "is no list of numbers"),
        ({"tokens": "0"}, UsageError, "is no list of numbers"),
        ({"tokens": "300,300"}, UsageError, "something twice"),
        ({"tokens": "", "quants": ""}, UsageError, "nothing to compare"),
        ({"tokens": "100"}, CarveError, "cannot be left out"),
        ({"ffn_blocks": "1", "corpus": []}, UsageError, "needs code to measure with"),
        ({"ffn_blocks": "2"}, CarveError, "cannot go"),
        ({"limit": 0}, UsageError, "nothing to measure"),
        ({"minutes": 0.0}, UsageError, "nothing to measure"),
        ({"html": Path("no", "such", "page.html")}, UsageError, "no such folder"),
        ({"data": Path("nowhere")}, UsageError, "is not a folder"),
        ({"language": "lua"}, UsageError, "has no code of lua"),
    ],
)
def test_what_cannot_be_measured_is_named_before_anything_is_made(
    made: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    monkeypatch.setattr("lsp_experts.lab.carving.keepset.shipped", tuple)
    told = ["bench", "carve", "--language", "go", "--data", str(made / "data"), "--corpus", str(made / "corpus")]
    options = vars(parser().parse_args([*told, "--from", str(made / "base.gguf"), "--tokens", "300"]))
    options.pop("module")
    with pytest.raises(error, match=said):
        bench_carve.run(**{**options, **changes})


def test_the_keep_set_of_another_tokenizer_gives_way_to_a_corpus(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benched(made, "--tokens", "300", "--quants", "", "--limit", "1", "--json") == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["base", "tokens-300"]


def test_stretches_are_read_instead_of_cases_completed(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_experts.lab.carving.keepset.shipped", tuple)
    assert benched(made, "--tokens", "400", "--quants", "", "--stretches", "2", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert 4 < result["done"] == result["drawn"] <= 2 * 4 * len(lines)
    assert [row["name"] for row in result["rows"]] == ["base", "tokens-400"]
