"""Where the tests of a file are, by the usage of each language. Pure: URIs in, URIs out; the disk is not asked.

Sources: pytest and unittest discovery, `go help test`, the defaults of Jest, Vitest and Mocha, Maven's standard layout,
Minitest, RSpec and PHPUnit.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_SCRIPT_ENDS = r"\.(?:[cm]?[jt]s|[jt]sx)"
_IN_TESTS_FOLDER = re.compile(r"(?:^|/)(?:tests?|__tests__|spec)/")
_NAMED_TESTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "python": re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_tests?|tests?|conftest)\.py$"),
        "go": re.compile(r"_test\.go$"),
        "javascript": re.compile(rf"\.(?:test|spec){_SCRIPT_ENDS}$"),
        "typescript": re.compile(rf"\.(?:test|spec){_SCRIPT_ENDS}$"),
        "rust": re.compile(r"(?:^|/)tests?\.rs$"),
        "java": re.compile(r"(?:Tests?|IT)\.java$"),
        "ruby": re.compile(r"_(?:test|spec)\.rb$|(?:^|/)(?:test|spec)_[^/]*\.rb$"),
        "php": re.compile(r"Test\.php$"),
    }
)


@dataclass(frozen=True)
class _File:
    """A file: its folder's URI and parts of it within the client's folder, its name's stem and ending."""

    root: str  # the client's folder, else the file's own
    folder: str
    parts: tuple[str, ...]
    stem: str
    end: str  # ".py"

    def below(self, *parts: str) -> str:
        """A URI below the root."""
        return "/".join((self.root, *(part for part in parts if part)))


def has_usage(language: str) -> bool:
    """Whether it is known where tests of this language are."""
    return language in _PLACES


def is_test_file(uri: str, language: str, folder_uri: str = "") -> bool:
    """Whether the file itself holds tests, by its name or its folder."""
    path = uri.removeprefix(folder_uri) if folder_uri else uri.rpartition("/")[2]
    named = _NAMED_TESTS.get(language)
    return (named is not None and named.search(uri) is not None) or _IN_TESTS_FOLDER.search(
        path.lstrip("/")
    ) is not None


def places_of_tests(uri: str, language: str, folder_uri: str = "") -> tuple[str, ...]:
    """Where the tests of a file may be, the likeliest first; a new file goes to the first that can be written.

    () for what is no file, and languages without a usage.
    """
    places = _PLACES.get(language)
    if places is None or not uri.startswith("file:") or "#" in uri:
        return ()
    folder, _, name = uri.rpartition("/")
    stem, end = posixpath.splitext(name)
    root = folder_uri.rstrip("/")
    if not root or not uri.startswith(root + "/"):
        root = folder
    parts = tuple(part for part in folder.removeprefix(root).split("/") if part)
    found = places(_File(root, folder, parts, stem, end))
    return tuple(dict.fromkeys(each for each in found if each != uri or language == "rust"))


def _python(file: _File) -> Iterator[str]:
    stem = (file.parts[-1] if file.parts else "init") if file.stem == "__init__" else file.stem.lstrip("_")
    parts = file.parts[1:] if file.parts[:1] == ("src",) else file.parts
    for tests in ("tests", "test"):
        for mirrored in (parts, parts[1:], parts[-1:], ()):
            yield file.below(tests, *mirrored, f"test_{stem}.py")
            yield file.below(tests, "unit", *mirrored, f"test_{stem}.py")
    yield f"{file.folder}/tests/test_{stem}.py"
    yield f"{file.folder}/test_{stem}.py"
    yield f"{file.folder}/{stem}_test.py"


def _go(file: _File) -> Iterator[str]:
    yield f"{file.folder}/{file.stem}_test.go"


def _rust(file: _File) -> Iterator[str]:
    yield f"{file.folder}/{file.stem}{file.end}"


def _scripts(file: _File) -> Iterator[str]:
    parts = file.parts[1:] if file.parts[:1] in (("src",), ("lib",)) else file.parts
    for end in dict.fromkeys((file.end, file.end.removesuffix("x"))):
        names = (f"{file.stem}.test{end}", f"{file.stem}.spec{end}")
        for name in (*names, f"{file.stem}{end}"):
            yield f"{file.folder}/__tests__/{name}"
        for tests in ("tests", "test", "__tests__", "spec"):
            for mirrored in (parts, ()):
                for name in names:
                    yield file.below(tests, *mirrored, name)
        for name in names:
            yield f"{file.folder}/{name}"


def _java(file: _File) -> Iterator[str]:
    before, main, after = f"{file.folder}/".rpartition("/main/")
    folder = f"{before}/test/{after}" if main else f"{file.folder}/"
    for name in (f"{file.stem}Test", f"{file.stem}Tests", f"Test{file.stem}"):
        yield f"{folder}{name}{file.end}"


def _ruby(file: _File) -> Iterator[str]:
    parts = file.parts[1:] if file.parts[:1] in (("lib",), ("app",)) else file.parts
    for mirrored in (parts, ()):
        yield file.below("test", *mirrored, f"{file.stem}_test.rb")
        yield file.below("test", *mirrored, f"test_{file.stem}.rb")
        yield file.below("spec", *mirrored, f"{file.stem}_spec.rb")
    yield f"{file.folder}/{file.stem}_test.rb"


def _php(file: _File) -> Iterator[str]:
    parts = file.parts[1:] if file.parts[:1] in (("src",), ("app",), ("lib",)) else file.parts
    for mirrored in (parts, ()):
        for tests in (("tests",), ("tests", "Unit"), ("test",)):
            yield file.below(*tests, *mirrored, f"{file.stem}Test.php")
    yield f"{file.folder}/{file.stem}Test.php"


_PLACES: Mapping[str, Callable[[_File], Iterator[str]]] = MappingProxyType(
    {
        "python": _python,
        "go": _go,
        "rust": _rust,
        "javascript": _scripts,
        "typescript": _scripts,
        "java": _java,
        "ruby": _ruby,
        "php": _php,
    }
)
