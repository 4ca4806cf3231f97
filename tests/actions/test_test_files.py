"""Where the tests of a file are looked for."""

from __future__ import annotations

import pytest

from lsp_experts.actions.test_writing.files import has_usage, is_test_file, places_of_tests

W = "file:///w"


def check(language: str, path: str, *expected: str) -> None:
    """All of `expected` are looked for, in this order."""
    found = [uri.removeprefix(f"{W}/") for uri in places_of_tests(f"{W}/{path}", language, W)]
    assert [each for each in found if each in expected] == list(expected), found


@pytest.mark.parametrize(
    ("language", "path", "expected"),
    [
        ("python", "stat.py", ("tests/test_stat.py", "test/test_stat.py", "test_stat.py", "stat_test.py")),
        ("python", "src/pkg/stat.py", ("tests/pkg/test_stat.py", "tests/test_stat.py", "src/pkg/tests/test_stat.py")),
        ("python", "pkg/_low.py", ("tests/pkg/test_low.py", "pkg/test_low.py")),
        ("python", "pkg/__init__.py", ("tests/pkg/test_pkg.py",)),
        ("go", "a/words.go", ("a/words_test.go",)),
        ("rust", "src/lib.rs", ("src/lib.rs",)),
        ("javascript", "src/math.js", ("src/__tests__/math.test.js", "test/math.test.js", "src/math.test.js")),
        ("typescript", "src/a/view.tsx", ("tests/a/view.test.tsx", "src/a/view.spec.tsx", "src/a/view.test.ts")),
        ("java", "src/main/java/a/Words.java", ("src/test/java/a/WordsTest.java", "src/test/java/a/WordsTests.java")),
        ("java", "Words.java", ("WordsTest.java",)),
        ("ruby", "lib/a/words.rb", ("test/a/words_test.rb", "spec/a/words_spec.rb", "test/words_test.rb")),
        ("ruby", "app/models/user.rb", ("test/models/user_test.rb", "spec/models/user_spec.rb")),
        ("php", "src/A/Words.php", ("tests/A/WordsTest.php", "tests/Unit/A/WordsTest.php", "tests/WordsTest.php")),
        ("python", "a%20b/stat.py", ("tests/a%20b/test_stat.py", "a%20b/test_stat.py")),
    ],
)
def test_places(language: str, path: str, expected: tuple[str, ...]) -> None:
    check(language, path, *expected)


def test_a_file_outside_of_the_folder_has_its_tests_beside_it() -> None:
    found = places_of_tests("file:///other/stat.py", "python", W)
    assert "file:///other/test_stat.py" in found
    assert all(uri.startswith("file:///other/") for uri in found)


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/w/a.ipynb#x", f"{W}/a.html#script:0"])
def test_what_is_no_file_has_no_tests(uri: str) -> None:
    assert places_of_tests(uri, "python", W) == ()


def test_a_language_without_usage() -> None:
    assert not has_usage("html")
    assert places_of_tests(f"{W}/a.html", "html", W) == ()


@pytest.mark.parametrize(
    ("language", "path", "expected"),
    [
        ("python", "tests/test_a.py", True),
        ("python", "a_test.py", True),
        ("python", "conftest.py", True),
        ("python", "tests/places.py", True),
        ("python", "latest.py", False),
        ("python", "contest/a.py", False),
        ("go", "a_test.go", True),
        ("go", "atest.go", False),
        ("javascript", "a.spec.mjs", True),
        ("typescript", "src/__tests__/a.ts", True),
        ("typescript", "src/a.ts", False),
        ("rust", "src/tests.rs", True),
        ("rust", "src/lib.rs", False),
        ("java", "src/test/java/a/B.java", True),
        ("java", "BTest.java", True),
        ("java", "B.java", False),
        ("ruby", "a_spec.rb", True),
        ("php", "ATest.php", True),
    ],
)
def test_files_of_tests(language: str, path: str, expected: bool) -> None:
    assert is_test_file(f"{W}/{path}", language, W) is expected


def test_the_folder_itself_may_be_named_test() -> None:
    assert not is_test_file("file:///test/a.py", "python", "file:///test")
