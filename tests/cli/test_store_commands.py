"""experts, pull, remove, verify and path: what they print, what they return, and what they ask first."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from lsp_experts.cli import experts, path, pull, remove, verify
from lsp_experts.cli.progress import LineProgress, terminal_progress
from lsp_experts.errors import NotInstalled, UnknownExpert, UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.store import Store

CONTENT = b"GGUF" + bytes(range(256)) * 64
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    origin = tmp_path / "model.gguf"
    origin.write_bytes(CONTENT)
    source = FileSource(str(origin), SHA256, len(CONTENT))
    entries = (
        Entry("go-tiny", "model", ("go",), "MIT", "a test", sources=(source,)),
        Entry("html-tiny", "carved", ("html", "vue"), "MIT [see below]", "a test", base="go-tiny"),
        Entry("paper-tiny", "model", ("*",), "CC-BY-NC-4.0", "research only", sources=(source,), non_commercial=True),
        Entry("go-lora", "adapter", ("go",), "MIT", "a test", base="go-tiny", sources=(source,)),
        Entry("html-lora", "adapter", ("html",), "MIT", "a test", base="html-tiny", sources=(source,)),
        Entry("gone-tiny", "model", ("c",), "MIT", "x", sources=(FileSource(str(tmp_path / "no")),), verified=False),
    )
    catalogue = Catalogue({entry.id: entry for entry in entries}, {}, ())
    for module in (experts, pull, remove):
        monkeypatch.setattr(module, "load_catalogue", lambda _paths: catalogue)
    return catalogue


def store() -> Store:
    return Store(default_paths().store)


def test_a_pull_shows_bytes_and_where_the_file_is(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert pull.run(["go-tiny"]) == 0
    out, err = capsys.readouterr()
    file = store().verify("go-tiny").path
    assert out.splitlines()[0].startswith(f"go-tiny: {len(CONTENT):,} bytes, MIT, file:")
    assert out.splitlines()[1].strip() == str(file)
    assert "model.gguf: 0.0 MB of 0.0 MB in 0 s" in err
    assert path.run(["go-tiny"]) == 0
    assert capsys.readouterr().out == f"{file}\n"


def test_one_failure_does_not_hold_up_the_others(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert pull.run(["gone-tiny", "html-tiny", "go-tiny"]) == 1
    err = capsys.readouterr().err
    assert "gone-tiny could not be pulled" in err
    assert "lsp-experts carve --language html" in err
    assert list(store().installed()) == ["go-tiny"]


def test_a_wrong_id_ends_it_before_a_download(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownExpert):
        pull.run(["go-tiny", "go-tny"])
    assert store().installed() == {}


@pytest.mark.parametrize("ids", [[], ["go-tiny", "html-tiny"]])
def test_from_takes_one_expert(catalogue: Catalogue, ids: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        pull.run(ids, from_file=tmp_path / "model.gguf")


def test_a_file_by_hand(catalogue: Catalogue, tmp_path: Path) -> None:
    assert pull.run(["html-tiny"], from_file=tmp_path / "model.gguf") == 0
    assert store().check("html-tiny").sha256 == SHA256


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stdin", "yes", "pulled"),
    [
        (io.StringIO("y\n"), False, False),  # a pipe is not a person
        (io.StringIO(""), True, True),
        (Terminal("y\n"), False, True),
        (Terminal("Yes\n"), False, True),
        (Terminal("\n"), False, False),
        (Terminal(""), False, False),
    ],
)
def test_a_non_commercial_licence_is_shown_and_needs_a_yes(
    catalogue: Catalogue,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    stdin: io.StringIO,
    yes: bool,
    pulled: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    assert pull.run(["paper-tiny"], yes=yes) == (0 if pulled else 1)
    assert ("paper-tiny" in store().installed()) is pulled
    assert "non-commercial use only. Licence: CC-BY-NC-4.0" in capsys.readouterr().err


def test_the_table_lists_every_expert(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    pull.run(["go-tiny"])
    with store().temporary() as temporary:
        temporary.write_bytes(b"GGUF mine")
        sha256 = hashlib.sha256(b"GGUF mine").hexdigest()
        store().adopt("my-own", temporary, sha256=sha256, size=9, source="carved:go-tiny")
    capsys.readouterr()
    assert experts.run() == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert lines["go-tiny"].rstrip().endswith("yes")
    assert "html, vue" in lines["html-tiny"]
    assert "MIT [see below]" in lines["html-tiny"]
    assert "any" in lines["paper-tiny"]
    assert "(non-commercial)" in lines["paper-tiny"]
    assert "(unverified)" in lines["gone-tiny"]
    assert lines["my-own"].rstrip().endswith("yes")


def test_the_table_as_json(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    pull.run(["go-tiny"])
    capsys.readouterr()
    assert experts.run(as_json=True) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(catalogue.entries)
    assert rows["go-tiny"]["installed"] is True
    assert rows["go-tiny"]["size"] == len(CONTENT)
    assert rows["go-tiny"]["path"].endswith(f"{SHA256}.gguf")
    assert (rows["html-tiny"]["installed"], rows["html-tiny"]["path"]) == (False, None)
    assert experts.run(as_json=True, installed_only=True) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["go-tiny"]


def test_verify_names_what_is_damaged_and_the_remedy(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    pull.run(["go-tiny"])
    pull.run(["paper-tiny"], yes=True)
    assert verify.run() == 0
    store().find("go-tiny").path.write_bytes(bytes(len(CONTENT)))
    capsys.readouterr()
    assert verify.run() == 1
    err = capsys.readouterr().err
    assert "go-tiny: " in err
    assert "is damaged" in err
    assert "lsp-experts pull go-tiny" in err
    assert verify.run(["never-there"]) == 1


def test_remove_frees_what_nobody_else_uses(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    pull.run(["go-tiny"])
    pull.run(["paper-tiny"], yes=True)
    capsys.readouterr()
    assert remove.run(["go-tiny"]) == 0
    assert "0 bytes freed (its file stays" in capsys.readouterr().out
    assert remove.run(["paper-tiny"]) == 0
    assert f"{len(CONTENT):,} bytes freed" in capsys.readouterr().out
    assert remove.run(["paper-tiny"]) == 1
    with pytest.raises(NotInstalled):
        path.run(["go-tiny"])


def test_an_adapter_names_the_base_it_lacks(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert pull.run(["go-lora", "html-lora"]) == 0
    err = capsys.readouterr().err
    assert "go-lora needs its base, go-tiny: `lsp-experts pull go-tiny`" in err
    assert "html-lora needs its base, html-tiny: `lsp-experts carve --language html`" in err
    assert pull.run(["go-tiny", "go-lora"]) == 0
    assert "needs its base" not in capsys.readouterr().err
    assert remove.run(["go-tiny"]) == 0
    assert "go-lora cannot be loaded without go-tiny" in capsys.readouterr().err
    assert remove.run(["go-lora"]) == 0
    assert "without" not in capsys.readouterr().err


def test_the_table_shows_what_an_adapter_lies_over(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert experts.run() == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "adapter of go-tiny" in lines["go-lora"] and "carved of go-tiny" in lines["html-tiny"]
    experts.run(as_json=True)
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["go-lora"]["kind"], rows["go-lora"]["base"], rows["go-tiny"]["base"]) == ("adapter", "go-tiny", None)


def test_lines_come_every_ten_seconds() -> None:
    times = iter([0.0, 4.0, 11.0, 11.0, 11.0, 20.0])
    out = io.StringIO()
    progress = LineProgress(out, clock=lambda: next(times))
    progress.start("model", 100_000_000)
    progress.advance(10_000_000)
    progress.advance(44_000_000)
    progress.finish()
    assert out.getvalue().splitlines() == [
        "model: 100.0 MB to come",
        "model: 44.0 MB of 100.0 MB in 11 s (4.0 MB/s)",
        "model: 44.0 MB of 100.0 MB in 20 s (2.2 MB/s)",
    ]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    progress = terminal_progress(out)
    progress.start("model.gguf", 2_000_000)
    progress.advance(1_000_000)
    progress.finish()
    assert "model.gguf" in out.getvalue()
    assert "1.0/2.0 MB" in out.getvalue()
    assert isinstance(terminal_progress(io.StringIO()), LineProgress)
