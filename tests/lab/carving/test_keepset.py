"""Keep-sets: their files, what ships, and how a corpus is read and chosen from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lsp_experts.errors import CarveError
from lsp_experts.lab.build_keepsets import Tally, choose
from lsp_experts.lab.carving import keepset
from lsp_experts.lab.carving.keepset import Corpus, Header, KeepSet
from lsp_experts.lab.corpus import SUFFIXES, count_tokens, in_skipped_folder, languages_of, pieces, readable, texts_of
from lsp_experts.lab.corpus_packages import read_table
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import read_vocabulary

LANGUAGES = (
    "go", "html", "css", "javascript", "typescript", "python", "rust", "java", "kotlin", "c", "cpp", "sql",
    "shellscript", "ruby", "php", "lua",
)  # fmt: skip
IDS = np.array([0, 3, 4, 99], np.int64)
HEADER = Header("go", "t" * 64, "qwen2", 100, 4, (Corpus("cobra", "1.6", "Apache-2.0", "debian"),))


def test_a_keep_set_comes_back_as_it_was() -> None:
    data = keepset.encode(HEADER, IDS)
    again = keepset.decode(data, "go.keep")
    assert again.header == HEADER and again.ids.tolist() == IDS.tolist()
    assert keepset.encode(again.header, again.ids) == data


def _other_count(data: bytes) -> bytes:
    return data.replace(b'"count":4', b'"count":5')


def _other_size(data: bytes) -> bytes:
    return data.replace(b'"size":100', b'"size":999')


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-3],
        lambda data: data[5:],
        lambda data: data[:40],
        _other_count,
        _other_size,
    ],
    ids=["empty", "truncated", "beheaded", "header only", "wrong count", "wrong size"],
)
def test_a_damaged_keep_set_is_named(damage: object) -> None:
    with pytest.raises(CarveError, match=r"go\.keep is not a keep-set"):
        keepset.decode(damage(keepset.encode(HEADER, IDS)), "go.keep")  # type: ignore[operator]


def test_listing_says_where_it_comes_from_and_every_text(tiny_gguf: Path) -> None:
    with GgufFile(tiny_gguf) as file:
        vocabulary = read_vocabulary(file)
    space_return = vocabulary.tokens.index("Ġreturn".encode())
    header = Header("go", vocabulary.identity, "qwen2", len(vocabulary), 1, HEADER.corpora)
    lines = list(keepset.listing(KeepSet(header, np.array([space_return]), ""), vocabulary))
    assert lines[1] == "from cobra 1.6 (debian, Apache-2.0)"
    assert lines[-1] == f"{space_return}\tb' return'"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_ships(language: str) -> None:
    shipped = keepset.load(language)
    assert shipped.header.language == language
    assert 5_000 < shipped.header.count <= 45_000
    assert len({corpus.name for corpus in shipped.header.corpora}) >= 3
    assert shipped.ids.max() < shipped.header.size


def test_all_keep_sets_are_for_one_tokenizer_and_small() -> None:
    assert set(keepset.shipped()) == set(LANGUAGES) == set(SUFFIXES)
    assert len({keepset.load(language).header.tokenizer for language in LANGUAGES}) == 1
    assert sum(path.stat().st_size for path in keepset.folder().iterdir()) < 700_000


def test_corpora_have_versions_and_permissive_licences() -> None:
    table = read_table(keepset.folder() / "corpora.toml")
    assert all(package.version and package.licence for package in table.packages)
    assert not [package for package in table.packages if "GPL" in package.licence or "AGPL" in package.licence]
    names = {package.name for package in table.packages}
    assert all(set(held) <= names for held in table.held_out.values()) and set(table.held_out) == set(LANGUAGES)
    for language in LANGUAGES:
        counted = {corpus.name for corpus in keepset.load(language).header.corpora}
        assert not counted & set(table.held_out[language])
        assert counted <= names


def test_coverage_is_reported_for_each_language() -> None:
    report = json.loads((keepset.folder() / "coverage.json").read_text("utf-8"))
    assert set(report) == set(LANGUAGES)
    assert all(entry["ratio_to_base"] <= 0.70 for entry in report.values())


def test_an_unknown_keep_set_names_the_known_ones() -> None:
    with pytest.raises(CarveError, match="go, html"):
        keepset.load("cobol")


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a/main.go", b"", ("go",)),
        ("x.h", b"int f(void);", ("c",)),
        ("x.h", b"namespace a {", ("cpp",)),
        ("App.TSX", b"", ("typescript",)),
        ("bin/run", b"#!/usr/bin/env bash\n", ("shellscript",)),
        ("bin/run", b"#!/usr/bin/python3 -u\n", ("python",)),
        ("bin/run", b"\x7fELF", ()),
        ("configure", b"#!/bin/sh\n", ()),
        ("jquery.min.js", b"", ()),
        ("api.pb.go", b"", ()),
        ("Rakefile", b"", ("ruby",)),
        ("README.md", b"", ()),
    ],
)
def test_languages_of(name: str, head: bytes, expected: tuple[str, ...]) -> None:
    assert languages_of(name, head) == expected


@pytest.mark.parametrize(
    ("data", "good"),
    [
        (b"a = 1\n", True),
        (b"", False),
        (b"a\0b\n", False),
        (b"\xff\xfe\n", False),
        (b"x" * 6000 + b"\n" * 6000, False),
        ((b"y" * 400 + b"\n") * 5, False),
        (b"z = 1\n" * 200_000, False),
    ],
    ids=["code", "empty", "binary", "not utf-8", "one long line", "minified", "huge"],
)
def test_readable(data: bytes, good: bool) -> None:
    assert (readable(data) is not None) is good


def test_a_folder_is_read_without_what_nobody_wrote(tmp_path: Path) -> None:
    for name, text in {
        "a.go": "package a\n",
        "deep/b.go": "package b\n",
        "node_modules/c.go": "no\n",
        ".git/d.go": "no\n",
        "generated/e.go": "no\n",
        "deep/secret.go": "no\n",
        "deep/kept.go": "package kept\n",
        ".gitignore": "/generated/\n",
        "deep/.gitignore": "secret.go\n",
        "f.py": "no\n",
        "g.tmpl": "template\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "link.go").symlink_to(tmp_path / "a.go")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(texts_of(tmp_path, "go")) == ["package a\n", "package b\n", "package kept\n"]
    assert "template\n" in list(texts_of(tmp_path, "go", ("*.tmpl",)))


def test_dependencies_are_known_by_their_folder() -> None:
    assert in_skipped_folder("x/vendor/y.go") and not in_skipped_folder("x/vendor.go")


def test_pieces_join_to_the_text_and_end_at_line_ends() -> None:
    text = "".join(f"line {i}\n" for i in range(30_000)) + "x" * 60_000
    parts = list(pieces(text))
    assert "".join(parts) == text and max(map(len, parts)) <= 48_000
    assert all(part.endswith("\n") for part in parts[:-2])


@pytest.mark.asyncio
async def test_tokens_are_counted_over_batches() -> None:
    async def tokenize(texts: object) -> list[list[int]]:
        return [[len(text) % 7] * 2 for text in texts]  # type: ignore[attr-defined]

    counts = await count_tokens(tokenize, ["a" * 8, "b" * 8, "c" * 3], 7)
    assert counts.tolist() == [0, 4, 0, 2, 0, 0, 0]


def test_choose_prefers_what_many_packages_use() -> None:
    tally = Tally(5)
    package = HEADER.corpora[0]
    tally.add(package, np.array([0, 900, 1, 3, 0]), 1)
    tally.add(package, np.array([0, 0, 1, 4, 0]), 1)
    assert choose(tally, 2).tolist() == [2, 3]
    assert choose(tally, 99).tolist() == [1, 2, 3]
