"""`bench matrix` on tiny models: all of it, again out of the journal, and what cannot be measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.cli.main import main
from lsp_experts.lab.evaluation import scored_stretches
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

TEXTS = {
    "go": (".go", "func main{n}() (int, error) {\n\tif err != nil {\n\t\treturn {n}, err\n\t}\n\treturn 0, nil\n}\n"),
    "css": (".css", ".class{n} {\n    width: {n}px;\n    color: #{n};\n    style: the{n};\n}\n"),
    "python": (".py", "def main{n}():\n    for span in range({n}):\n        print(span, {n})\n    return span\n\n\n"),
}  # fmt: skip
TOKENS = 280


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Three languages, four held-out files each."""
    for side, begin in (("train", 0), ("held-out", 100)):
        for language, (suffix, text) in TEXTS.items():
            folder = tmp_path / "corpora" / side / language / "package"
            folder.mkdir(parents=True)
            for number in range(begin, begin + 4):
                pieces = (text.replace("{n}", str(number * 10 + part)) for part in range(12))
                (folder / f"file{number}{suffix}").write_text("".join(pieces))
    return tmp_path / "corpora"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_tiny_gguf(tmp_path / "base.gguf", n_ctx=2048)


def bench(corpora: Path, base: Path, *more: str) -> int:
    common = ("--corpora", str(corpora), "--from", str(base), "--tokens", str(TOKENS))
    return main(["bench", "matrix", *common, "--stretches", "2", *more])


def measured(corpora: Path, base: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert bench(corpora, base, "--json", *more) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def left_behind() -> list[Path]:
    return list((default_paths().store / "temporary").iterdir())


def noting(monkeypatch: pytest.MonkeyPatch, most: int = 1000) -> list[Any]:
    """The stretches that are read from now on; the user stops it when `most` are."""
    asked: list[Any] = []
    read = scored_stretches.StretchAsker.outcomes

    async def noted(self: Any, cases: Any) -> Any:
        if len(asked) == most:
            raise KeyboardInterrupt
        asked.append(cases)
        return await read(self, cases)

    monkeypatch.setattr(scored_stretches.StretchAsker, "outcomes", noted)
    return asked


def test_the_whole_matrix_and_then_out_of_the_journal(
    corpora: Path, base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "matrix.html"
    result = measured(corpora, base, capsys, "--places", "1", "--html", str(page))
    names = ["css", "go", "python", "code", "base"]
    assert list(result["contestants"]) == list(result["completed"]) == names
    assert list(result["differences"]) == ["css", "go", "python", "all languages"]
    assert result["done"] == result["drawn"] > 60
    for name, row in result["contestants"].items():
        assert (row["n_vocab"] == TOKENS) == (name != "base")
        for language, cell in row["cells"].items():
            assert cell["bits_per_byte"]["value"] > 0
            assert (cell["kept_share"] == 1.0) == (name == "base")
            assert result["completed"][name][language]["cases"] > 0
    assert left_behind() == []
    assert result["sentence"].removesuffix(".") in page.read_text()

    asked = noting(monkeypatch)
    again = measured(corpora, base, capsys)
    assert asked == []
    assert again["contestants"] == result["contestants"]
    assert again["differences"] == result["differences"]
    assert measured(corpora, base, capsys, "--fresh")["contestants"].keys() == result["contestants"].keys()
    assert len(asked) == 5 * 3 * 2


def test_as_tables(corpora: Path, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(corpora, base, "--languages", "go", "css") == 0
    said = capsys.readouterr().out
    assert "bits per byte of held-out text" in said
    assert "At 280 tokens, for all languages, specialisation" in said
    assert "python" not in said


def test_stopped_half_way_it_goes_on(
    corpora: Path, base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        noting(patched, most=3)
        assert bench(corpora, base, "--json") == 130
    assert left_behind() == []
    asked = noting(monkeypatch)
    measured(corpora, base, capsys)
    assert len(asked) == 5 * 3 * 2 - 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--languages", "go"), "two different languages"),
        (("--languages", "go", "go"), "two different languages"),
        (("--languages", "go", "rust"), "no held-out text of rust"),
        (("--tokens", "20"), "cannot be left out"),
        (("--stretches", "0"), "nothing to measure"),
        (("--minutes", "0"), "nothing to measure"),
        (("--minutes", "nan"), "nothing to measure"),
        (("--corpora", "nowhere"), "holds no corpora"),
        (("--from", "nowhere.gguf"), "is not a file"),
        (("--html", "no/such/folder.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_measured(
    corpora: Path, base: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert bench(corpora, base, *more) == 1
    assert said in capsys.readouterr().err


def test_training_text_that_is_missing(corpora: Path, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (corpora / "train/css/package").iterdir():
        file.unlink()
    assert bench(corpora, base) == 1
    assert "train/css has no text of css" in capsys.readouterr().err
    assert not default_paths().store.exists() or left_behind() == []
