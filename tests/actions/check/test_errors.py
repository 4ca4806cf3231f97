"""What the output of tools says is wrong where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.actions.check.errors import MAX_ERRORS, errors_in

KNOWN = frozenset(
    {
        "main.go",
        "pkg/a_test.go",
        "src/main.rs",
        "src/a.ts",
        "src/b.c",
        "app.py",
        "tests/test_app.py",
        "A.java",
        "x y.py",
    }
)
ROOTS = ("/tmp/copy", "/home/me/shop")


def check(output: str, *expected: tuple[str, int, int, str]) -> None:
    found = errors_in(output, ROOTS, KNOWN)
    assert [(error.path, error.line, error.column, error.message) for error in found] == list(expected)


def test_gcc_and_clang() -> None:
    check(
        "src/b.c: In function 'main':\n"
        "src/b.c:3:5: error: 'x' undeclared (first use in this function)\n"
        "    3 |     x = 1;\n"
        "src/b.c:3:5: note: each undeclared identifier is reported only once\n"
        "src/b.c:9:1: warning: unused\n"
        "src/b.c:12:10: fatal error: no.h: No such file or directory\n",
        ("src/b.c", 3, 5, "'x' undeclared (first use in this function)"),
        ("src/b.c", 12, 10, "no.h: No such file or directory"),
    )


def test_go() -> None:
    check("# shop\n./main.go:5:2: undefined: wrd\n", ("main.go", 5, 2, "undefined: wrd"))
    check("vet: ./main.go:5:2: undefined: wrd\n", ("main.go", 5, 2, "undefined: wrd"))
    check(
        "--- FAIL: TestA (0.00s)\n    a_test.go:10: got 1, want 2\nFAIL\n",
        ("pkg/a_test.go", 10, 0, "got 1, want 2"),
    )


def test_rust() -> None:
    check(
        "warning: unused variable: `y`\n --> src/main.rs:1:9\n  |\n"
        "\x1b[1m\x1b[31merror[E0425]\x1b[0m: cannot find value `x` in this scope\n  --> src/main.rs:2:5\n  |\n2 | x\n",
        ("src/main.rs", 2, 5, "error[E0425]: cannot find value `x` in this scope"),
    )


def test_typescript() -> None:
    check("src/a.ts(3,5): error TS2304: Cannot find name 'x'.\n", ("src/a.ts", 3, 5, "Cannot find name 'x'."))
    check("src/a.ts:3:5 - error TS2304: Cannot find name 'x'.\n", ("src/a.ts", 3, 5, "Cannot find name 'x'."))


def test_java() -> None:
    check("A.java:3: error: cannot find symbol\n    x = 1;\n    ^\n", ("A.java", 3, 0, "cannot find symbol"))


def test_mypy_and_ruff() -> None:
    check("app.py:3: error: Name 'x' is not defined  [name-defined]\napp.py:4: note: hm\n",
          ("app.py", 3, 0, "Name 'x' is not defined  [name-defined]"))  # fmt: skip
    check("app.py:3:5: F821 Undefined name `x`\n", ("app.py", 3, 5, "F821 Undefined name `x`"))


def test_eslint() -> None:
    check(
        "/tmp/copy/src/a.ts\n  3:5   error    'x' is not defined  no-undef\n  4:1   warning  Unexpected  no-console\n\n"
        "✖ 2 problems\n",
        ("src/a.ts", 3, 5, "'x' is not defined  no-undef"),
    )


def test_a_traceback_names_its_innermost_frame_in_the_folder() -> None:
    check(
        "Traceback (most recent call last):\n"
        '  File "/tmp/copy/tests/test_app.py", line 2, in <module>\n    run()\n'
        '  File "/tmp/copy/app.py", line 7, in run\n    json.loads("")\n'
        '  File "/usr/lib/python3/json/__init__.py", line 346, in loads\n    return x\n'
        "json.decoder.JSONDecodeError: Expecting value\n",
        ("app.py", 7, 0, "json.decoder.JSONDecodeError: Expecting value"),
    )


def test_node() -> None:
    check(
        "/tmp/copy/src/a.ts:4\n    out += wrd;\n           ^\n\nReferenceError: wrd is not defined\n"
        "    at join (/tmp/copy/src/a.ts:4:12)\n    at node:internal/main/run_main_module:28:49\n",
        ("src/a.ts", 4, 0, "ReferenceError: wrd is not defined"),
    )
    check("/tmp/copy/src/a.ts:9\nthrow x\n\nError: it is wrong\n", ("src/a.ts", 9, 0, "it is wrong"))


def test_pytest() -> None:
    check(
        "tests/test_app.py:5: \n_ _ _ _\n\n    def f():\n>       return g()\n"
        "E       NameError: name 'g' is not defined\n\napp.py:2: NameError\n"
        "=== short test summary info ===\nFAILED tests/test_app.py::test_f - NameError: name 'g'\n",
        ("app.py", 2, 0, "NameError: name 'g' is not defined"),
    )
    check(
        ">   assert f() == 1\nE   assert 2 == 1\nE    +  where 2 = f()\n\ntests/test_app.py:5: AssertionError\n",
        ("tests/test_app.py", 5, 0, "assert 2 == 1"),
    )
    check(
        'E     File "/tmp/copy/app.py", line 2\nE       def f(:\nE             ^\nE   SyntaxError: invalid syntax\n',
        ("app.py", 2, 0, "SyntaxError: invalid syntax"),
    )


@pytest.mark.parametrize(
    ("printed", "path"),
    [
        ("/tmp/copy/app.py", "app.py"),
        ("/home/me/shop/app.py", "app.py"),
        ("./src/../app.py", "app.py"),
        ("test_app.py", "tests/test_app.py"),
        ("x y.py", "x y.py"),
        ("/usr/lib/app.py", ""),
        ("../app.py", ""),
        ("other.py", ""),
    ],
)
def test_which_file_a_path_means(printed: str, path: str) -> None:
    check(f"{printed}:3:1: boom here\n", *([(path, 3, 1, "boom here")] if path else []))


def test_a_place_counts_once_and_there_are_bounds() -> None:
    check("app.py:3:1: one thing\napp.py:3:9: another\n", ("app.py", 3, 1, "one thing"))
    many = "".join(f"app.py:{line}:1: boom here\n" for line in range(1, 500))
    assert len(errors_in(many, ROOTS, KNOWN)) == MAX_ERRORS
    assert len(errors_in(f"app.py:1:1: {'x ' * 5000}\n", ROOTS, KNOWN)[0].message) <= 300


def test_a_line_that_no_client_could_read_is_the_last_one_there_can_be() -> None:
    check("app.py:99999999999999999999:3: boom here\n", ("app.py", 2**31 - 1, 3, "boom here"))


@given(st.text(alphabet=st.sampled_from('app.py:3 \n(),-> File"line Ex_Error[]/\t5é')))
def test_any_output_is_read(output: str) -> None:
    for error in errors_in(output, ROOTS, KNOWN):
        assert error.path in KNOWN
        assert error.line >= 1


def test_a_line_without_an_end_takes_no_time() -> None:
    assert errors_in("a" * 250_000, ROOTS, KNOWN) == ()
    assert errors_in("a." * 100_000 + ":", ROOTS, KNOWN) == ()
    assert errors_in("a " * 100_000 + ":", ROOTS, KNOWN) == ()
