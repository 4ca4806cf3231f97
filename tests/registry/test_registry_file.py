"""Bad registry files: each gets one RegistryError that names the file, the JSON path and the trouble."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.errors import RegistryError
from lsp_experts.registry.catalogue import Catalogue, load_registry, registry_problems
from lsp_experts.registry.document import MAX_BYTES, MAX_VALUES

HASH = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
BASE: dict[str, Any] = {
    "id": "base",
    "kind": "model",
    "languages": ["*"],
    "licence": "Apache-2.0",
    "note": "a note",
    "sources": [
        {"type": "hub", "repo": "Some/Repo", "file": "folder/model.gguf", "revision": "main", "size": 10},
        {"type": "wheel", "members": [{"requirement": "a==1.0", "member": "a/b.bin"}], "sha256": HASH, "size": 10},
        {"type": "url", "url": "https://example.org/model.gguf", "sha256": HASH, "size": 10},
        {"type": "file", "path": "/models/model.gguf"},
    ],
}
CARVED: dict[str, Any] = {
    "id": "go-carved",
    "kind": "carved",
    "languages": ["go"],
    "patterns": ["*.go"],
    "licence": "Apache-2.0",
    "note": "a note",
    "base": "base",
    "keep_set": "go",
}
SMALL: dict[str, Any] = {"version": 1, "related": {"cpp": ["c"]}, "experts": [CARVED, BASE]}
TEXT = json.dumps(SMALL, indent=1)


MEASURED: dict[str, Any] = {
    "exact": -0.4, "low": -1.5, "high": 0.7, "bits": -0.03, "bits_low": -0.05, "bits_high": -0.01,
    "bits_per_byte": 0.62, "cases": 120, "files": 30, "resident_bytes": 0,
    "sha256": HASH, "date": "2026-01-31", "against": "base",
}  # fmt: skip


def measured(**fields: object) -> str:
    """The small registry with one thing measured."""
    return json.dumps(SMALL | {"measured": {"go": {"a": MEASURED | fields}}})


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "registry.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return file


def refusal(file: Path) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        load_registry(file)
    return caught.value


def check(folder: Path, broken: str | bytes, json_path: str, words: str) -> None:
    file = written(folder, broken)
    error = refusal(file)
    assert error.json_path == json_path
    assert words in str(error)
    assert str(file) in str(error)
    assert error.remedy
    assert str(registry_problems(file)[0]) == str(error)


def changed(path: tuple[str | int, ...], value: object) -> str:
    """The small registry with one value replaced (`...` takes the key out)."""
    document: Any = json.loads(TEXT)
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document)


def test_the_small_registry_is_in_order(tmp_path: Path) -> None:
    catalogue = load_registry(written(tmp_path, TEXT))
    assert list(catalogue.entries) == ["go-carved", "base"]
    assert catalogue.related == {"cpp": ("c",)}
    assert len(catalogue.get("base").sources) == 4


@pytest.mark.parametrize(
    ("broken", "json_path", "words"),
    [
        ("", "$", "it is empty"),
        (" \n", "$", "it is empty"),
        ("{}", "$.version", "it is missing"),
        ('{"version": 1}', "$.experts", "it is missing"),
        ("[]", "$", "[] is not"),
        ("null", "$", "null is not"),
        ("7", "$", "7 is not"),
        ("{", "$", "it is not JSON"),
        ('{"version": 1} x', "$", "line 1, column 16"),
        ("{'version': 1}", "$", "it is not JSON"),
        ('{"version": 1,}', "$", "it is not JSON"),
        (b"\xef\xbb\xbf{}", "$", "byte order mark"),
        (TEXT.encode("utf-16"), "$", "UTF-16"),
        (TEXT.encode("utf-16-le"), "$", "UTF-16"),
        (TEXT.encode("utf-32"), "$", "UTF-16 or UTF-32"),
        (b'{"version": "\xff"}', "$", "byte 13 is not UTF-8"),
        ('{"version": 2, "experts": [], "new": 1}', "$.version", "version 2 is not known"),
        ('{"version": "1", "experts": []}', "$.version", 'version "1" is not known'),
        ('{"version": 1.0, "experts": []}', "$.version", "1.0 is not a whole number"),
        ('{"version": true, "experts": []}', "$.version", "version true is not known"),
        ('{"experts": []}', "$.version", "it is missing"),
        ('{"version": 1, "version": 1, "experts": []}', "$.version", "written twice"),
        ('{"version": 1, "experts": [{"id": "a", "id": "b"}]}', "$.experts[0].id", "written twice"),
        ('{"version": 1, "experts": NaN}', "$.experts", "NaN"),
        ('{"version": 1, "experts": [-Infinity]}', "$.experts[0]", "-Infinity"),
        ('{"version": 1, "experts": [0.1234567]}', "$.experts[0]", "a decimal such as 0.25"),
        ('{"version": 1, "experts": [-10000.5]}', "$.experts[0]", "a decimal such as 0.25"),
        ('{"version": 1, "experts": [], "preferred": {"Go": "a"}}', "$.preferred", "an LSP language id"),
        ('{"version": 1, "experts": [], "preferred": {"go": ""}}', "$.preferred.go", "an id"),
        (measured(exact=-100.5), "$.measured.go.a.exact", "from -100 to 100"),
        (measured(cases=0), "$.measured.go.a.cases", "a whole number from 1"),
        (measured(date="today"), "$.measured.go.a.date", "a day YYYY-MM-DD"),
        (measured(sha256=""), "$.measured.go.a.sha256", "SHA-256"),
        (measured(text="func main"), "$.measured.go.a.text", "this key is not known"),
        ('{"version": 1, "experts": [], "measured": {"go": {"a": {}}}}', "$.measured.go.a.exact", "it is missing"),
        ('{"version": 1, "experts": [], "confidence": {"a": 2}}', "$.confidence.a", "from 0"),
        ('{"version": 1, "experts": [], "confidence": {"A": 0.5}}', "$.confidence", "lower-case"),
        ('{"version": 1, "experts": [], "confidence": {"a": true}}', "$.confidence.a", "from 0"),
        ('{"version": 1, "experts": [], "confidence": 0.5}', "$.confidence", "an object from the id"),
        (changed(("experts", 0, "confidence"), 1.5), "$.experts[0].confidence", "from 0"),
        (changed(("experts", 0, "review"), 1000.5), "$.experts[0].review", "from 0"),
        (changed(("experts", 0, "review"), -1), "$.experts[0].review", "from 0"),
        (changed(("experts", 0, "context"), 300.5), "$.experts[0].context", "a context length"),
        ('{"version": 1, "experts": [], "review": {"a": 6.0}}', "$.review.a", "6.0 is not a whole number"),
        ('{"version": 1, "experts": [], "review": {"a": "6"}}', "$.review.a", "from 0"),
        (changed(("experts", 0, "confidence"), 7), "$.experts[0].confidence", "from 0"),
        (changed(("experts", 0, "context"), 0.5), "$.experts[0].context", "0.5 is not"),
        ('{"version": 1, "experts": [1e999]}', "$.experts[0]", "1e999 is not a whole number"),
        ('{"version": ' + "9" * 5000 + "}", "$.version", "9999... is not a whole number"),
        ('{"version": 1, "experts": [], "\\ud83d": 1}', '$["\\ud83d"]', "U+D83D"),
        ('{"version": 1, "experts": ["a\\u0000"]}', "$.experts[0]", "U+0000"),
        ('{"version": 1, "experts": ["a\\u202eb"]}', "$.experts[0]", "U+202E"),
        ('{"version": 1, "expert": []}', "$.expert", "Did you mean experts?"),
        ('{"version": 1, "": [], "experts": []}', "$", "not known"),
        ('{"version": 1, "experts": {}}', "$.experts", "is not a list of experts"),
        ('{"version": 1, "experts": [[]]}', "$.experts[0]", "is not an object that describes one expert"),
        ('{"version": 1, "experts": [], "related": []}', "$.related", "is not an object"),
        ("[" * 100 + "]" * 100, "$" + "[0]" * 17, "nested deeper than 16"),
        ("[" * 1_000_000, "$", "nested deeper than 16"),
        ('{"a":' * 500_000, "$", "nested deeper than 16"),
        ("[" + "1," * MAX_VALUES + "1]", "$", "more than 50,000 values"),
        (b" " * (MAX_BYTES + 1), "$", "4,194,305 bytes"),
    ],
)
def test_broken_files(tmp_path: Path, broken: str | bytes, json_path: str, words: str) -> None:
    check(tmp_path, broken, json_path, words)


EXPERT = ("experts", 0)
SOURCE = ("experts", 1, "sources")


@pytest.mark.parametrize(
    ("path", "value", "json_path", "words"),
    [
        ((*EXPERT, "licence"), ..., "$.experts[0].licence", "it is missing"),
        ((*EXPERT, "id"), "../x", "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), "a/b", "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), "C:x", "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), ".hidden", "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), "Go", "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), "a" * 65, "$.experts[0].id", "is not an id"),
        ((*EXPERT, "id"), "go\n", "$.experts[0].id", "U+000A"),
        ((*EXPERT, "id"), "base", "$.experts[1].id", "used before, at $.experts[0]"),
        ((*EXPERT, "kind"), "lora", "$.experts[0].kind", '"lora" is not'),
        ((*EXPERT, "kind"), "model", "$.experts[0].sources", "needs at least one source"),
        ((*EXPERT, "kind"), "adapter", "$.experts[0].keep_set", "only an expert of kind carved"),
        ((*EXPERT, "languages"), [], "$.experts[0].languages", "is not a list"),
        ((*EXPERT, "languages"), ["Go"], "$.experts[0].languages[0]", "lower case"),
        ((*EXPERT, "languages"), ["go", "*"], "$.experts[0].languages", "must stand alone"),
        ((*EXPERT, "languages"), ["go", "go"], "$.experts[0].languages[1]", "twice"),
        ((*EXPERT, "languages"), ["*"], "$.experts[0].patterns", "no file name patterns"),
        ((*EXPERT, "patterns"), ["src/*.go"], "$.experts[0].patterns[0]", "without a folder"),
        ((*EXPERT, "interpreter"), True, "$.experts[0].interpreter", "every language"),
        ((*EXPERT, "base"), ..., "$.experts[0].base", "needs a base"),
        ((*EXPERT, "base"), "nobody", "$.experts[0].base", "no expert nobody"),
        ((*EXPERT, "base"), "go-carved", "$.experts[0].base", "cannot be the base"),
        ((*EXPERT, "keep_set"), ..., "$.experts[0].keep_set", "needs a keep_set"),
        ((*EXPERT, "keep_set"), "../../etc/passwd", "$.experts[0].keep_set", "is not an id"),
        ((*EXPERT, "context"), 2**31, "$.experts[0].context", "tokens from 256"),
        ((*EXPERT, "context"), -1, "$.experts[0].context", "tokens from 256"),
        ((*EXPERT, "context"), 2048.0, "$.experts[0].context", "2048.0 is not a whole number"),
        ((*EXPERT, "context"), True, "$.experts[0].context", "true is not"),
        ((*EXPERT, "fim"), "qwenn", "$.experts[0].fim", "One of: auto, none, qwen"),
        ((*EXPERT, "quantisation"), "q4", "$.experts[0].quantisation", "in capitals"),
        ((*EXPERT, "size"), 0, "$.experts[0].size", "a size in bytes"),
        ((*EXPERT, "size"), 2**41, "$.experts[0].size", "a size in bytes"),
        ((*EXPERT, "sha256"), HASH.upper(), "$.experts[0].sha256", "lower-case hexadecimal"),
        ((*EXPERT, "sha256"), HASH + "0", "$.experts[0].sha256", "lower-case hexadecimal"),
        ((*EXPERT, "note"), "two\nlines", "$.experts[0].note", "U+000A"),
        ((*EXPERT, "licens"), "MIT", "$.experts[0].licens", "Did you mean licence?"),
        ((*EXPERT, "extra"), {"a": 1}, "$.experts[0].extra.a", "is not a text"),
        ((*EXPERT, "verified"), "no", "$.experts[0].verified", "is not true or false"),
        (("experts", 1, "base"), "go-carved", "$.experts[1].base", "has no base"),
        (("experts", 1, "sources"), [], "$.experts[1].sources", "needs at least one source"),
        ((*SOURCE, 0), "hub", "$.experts[1].sources[0]", "is not an object that describes one source"),
        ((*SOURCE, 0, "type"), ..., "$.experts[1].sources[0].type", "it is missing"),
        ((*SOURCE, 0, "type"), "ftp", "$.experts[1].sources[0].type", "hub, wheel, file, url"),
        ((*SOURCE, 0, "repo"), "Repo", "$.experts[1].sources[0].repo", "OWNER/NAME"),
        ((*SOURCE, 0, "repo"), "../Repo", "$.experts[1].sources[0].repo", "OWNER/NAME"),
        ((*SOURCE, 0, "revision"), "a/../b", "$.experts[1].sources[0].revision", "a branch"),
        ((*SOURCE, 0, "sha"), HASH, "$.experts[1].sources[0].sha", "Did you mean sha256?"),
        ((*SOURCE, 0, "sha256"), None, "$.experts[1].sources[0].sha256", "null is not"),
        ((*SOURCE, 1, "sha256"), ..., "$.experts[1].sources[1].sha256", "it is missing"),
        ((*SOURCE, 1, "members"), [], "$.experts[1].sources[1].members", "1 to 100 wheel members"),
        ((*SOURCE, 1, "members", 0, "requirement"), "a>=1", "$.experts[1].sources[1].members[0].requirement", "=="),
        ((*SOURCE, 1, "members", 0, "requirement"), "a==*", "$.experts[1].sources[1].members[0].requirement", "=="),
        ((*SOURCE, 1, "members", 0, "requirement"), "-r x", "$.experts[1].sources[1].members[0].requirement", "=="),
        ((*SOURCE, 1, "members", 0, "member"), "../a", "$.experts[1].sources[1].members[0].member", "folder .."),
        ((*SOURCE, 2, "size"), ..., "$.experts[1].sources[2].size", "it is missing"),
        ((*SOURCE, 3, "path"), "model.gguf", "$.experts[1].sources[3].path", "not whole"),
        ((*SOURCE, 3, "path"), "/models/../etc/x", "$.experts[1].sources[3].path", "not whole"),
        (("related", "cpp"), "c", "$.related.cpp", "is not a list of languages"),
        (("related", "cpp"), ["c", "cpp"], "$.related.cpp", "its own relative"),
        (("related", "c++"), ["c", "c"], '$.related["c++"][1]', "twice"),
        (("related", "*"), ["c"], "$.related", "is not an LSP language id"),
    ],
)
def test_broken_values(tmp_path: Path, path: tuple[str | int, ...], value: object, json_path: str, words: str) -> None:
    check(tmp_path, changed(path, value), json_path, words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "start at the root"),
        ("..", "folder .."),
        ("a/../b", "folder .."),
        ("a//b", "folder (empty)"),
        ("a/./b", "folder ."),
        ("a/", "folder (empty)"),
        ("C:/x", "may not hold :"),
        ("a\\b", "may not hold \\"),
        ("\\\\host\\share", "may not hold \\"),
        ("%2e%2e/x", "may not hold %"),
        ("a.", "ends in a dot"),
        ("a /b", "ends in a dot"),
        ("a" * 256, "longer than 255 bytes"),
        ("a\0b", "U+0000"),
    ],
)
def test_unsafe_file_names(tmp_path: Path, name: str, words: str) -> None:
    check(tmp_path, changed((*SOURCE, 0, "file"), name), "$.experts[1].sources[0].file", words)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/x", "only https"),
        ("file:///etc/passwd", "only https"),
        ("example.org/x", "without a scheme"),
        ("https://user:secret@example.org/x", "user name"),
        ("https://user@example.org/x", "user name"),
        ("https://127.0.0.1/x", "by number"),
        ("https://169.254.169.254/latest", "by number"),
        ("https://127.1/x", "by number"),
        ("https://2130706433/x", "by number"),
        ("https://0x7f000001/x", "by number"),
        ("https://127.0.0.1./x", "by number"),
        ("https://[::1]/x", "by number"),
        ("https://[::1/x", "not an address"),
        ("https://%31/x", "no usable host name"),
        ("https:///x", "no usable host name"),
        ("https://example.org:99999/x", "not an address"),
        ("https://localhost/x", "names this machine"),
        ("https://a.localhost/x", "names this machine"),
        ("https://example.org/x#y", "after #"),
        ("https://example.org/a b", "percent-encoded"),
        ("https://example.org\\@evil/x", "percent-encoded"),
        ("https://ex\u00e4mple.org/x", "percent-encoded"),
    ],
)
def test_unsafe_addresses(tmp_path: Path, url: str, words: str) -> None:
    check(tmp_path, changed((*SOURCE, 2, "url"), url), "$.experts[1].sources[2].url", words)


def test_a_folder_a_fifo_and_a_device_are_not_files(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for place in (tmp_path, fifo, Path("/dev/zero")):
        assert "not a regular file" in str(refusal(place))


def test_a_path_that_cannot_be_opened(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for place in (tmp_path / "missing", tmp_path / "gone", loop, tmp_path / ("x" * 300), tmp_path / "a\0b"):
        assert refusal(place).json_path == "$"


def test_a_hundred_megabytes_are_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    with file.open("wb") as stream:
        stream.truncate(100_000_000)
    assert "100,000,000 bytes" in str(refusal(file))


def survives(folder: Path, content: bytes) -> Catalogue | None:
    """The catalogue, or None where a RegistryError was raised; any other exception fails the test."""
    file = written(folder, content)
    try:
        return load_registry(file)
    except RegistryError as error:
        assert error.json_path.startswith("$") and str(file) in str(error)
        return None


def test_truncated_at_every_byte(tmp_path: Path) -> None:
    compact = json.dumps(SMALL).encode()
    assert survives(tmp_path, compact) is not None
    for length in range(len(compact)):
        assert survives(tmp_path, compact[:length]) is None, length


def test_five_hundred_mutations_of_the_bytes(tmp_path: Path) -> None:
    for seed in range(500):
        chance = random.Random(seed)
        content = bytearray(TEXT.encode())
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content[place] = chance.randrange(256)
                case 1:
                    del content[place : place + chance.randint(1, 20)]
                case 2:
                    content[place:place] = chance.choice(
                        [b'"', b"}", b"[", b"1e5", b"NaN", b"null", b"\xff", b"\\u0000"]
                    )
                case _:
                    other = chance.randrange(len(content))
                    content[place:place] = content[other : other + chance.randint(1, 60)]
        survives(tmp_path, bytes(content))


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [deeper for key, member in members for deeper in places(member, (*path, key))]


def test_every_value_replaced_by_every_wrong_type(tmp_path: Path) -> None:
    wrong: tuple[Any, ...] = (None, True, -1, 1.5, 10**17, "", "x", "*", [], {}, [[]], {"type": "hub"}, [None], ...)
    for path in places(SMALL):
        for value in wrong:
            survives(tmp_path, changed(path, value).encode())


def test_one_file_may_have_many_problems(tmp_path: Path) -> None:
    document = {"version": 1, "experts": [{"id": "A"}, 5]}
    paths = [error.json_path for error in registry_problems(written(tmp_path, json.dumps(document)))]
    assert paths[:2] == ["$.experts[0].kind", "$.experts[0].languages"] and paths[-1] == "$.experts[1]"
