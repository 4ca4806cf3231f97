"""The functions of a text, by language: their parts, what is typed, and what is still to do."""

from __future__ import annotations

import pytest
from syntax.function_samples import SAMPLES, shown

from lsp_experts.syntax.functions import MAX_FUNCTIONS, functions
from lsp_experts.syntax.tree import MAX_CHARS, SyntaxTree

# NAME | header, with "‸" where a type is missing that could be written | what there is to fill
EXPECTED = {
    "python": [
        'load | async def load(a‸, b: int, c‸=1, *args‸, key: str = "x", **more‸) -> dict[str, int]: | body',
        "Row.size | def size(self)‸: | body",
        "Row.make | def make(kind‸)‸: | body",
        "inner | def inner(depth‸)‸: | stub",
        "Row.area | def area(self) -> float: | body",
    ],
    "go": [
        "Store.Get | func (s *Store[K]) Get(key string, rest ...int) (row *Row, err error) { | body",
        "Reader.Read | Read(p []byte) (int, error) | no body",
        "handler | var handler = func(a, b int) int { | body",
        "todo | func todo()‸ { | stub",
    ],
    "javascript": [
        "total | const total = async (items, { tax }, scale = 1, ...rest) => { | body",
        "short | const short = x => x + 1 | no body",
        "Cart.add | add(item) { | stub",
        "Cart.walk | static async *walk() { | stub",
        "Cart.each | each = (done) => { | body",
        "run | module.exports.run = function (name) { | stub",
    ],
    "javascriptreact": [
        "App | function App({ name }) { | body",
    ],
    "typescript": [
        "load | function load(a: string): void | no body",
        "load | function load(a‸, b?: number)‸ { | body",
        "Shape.constructor | constructor(private name: string) { | body",
        "Shape.area | abstract area(): number | no body",
        "Shape.scale | private scale(this: Shape, by‸ = 1, ...rest‸)‸ { | stub",
        "Shape.size | set size(value‸) { | stub",
        "later | function later(): void | no body",
        "pick | const pick = <T,>(list: T[], at‸): T => { | body",
        "Reader.read | read(a: string): void | no body",
    ],
    "typescriptreact": [
        "App | const App = ({ name }: Props): JSX.Element => { | body",
    ],
    "rust": [
        "open | pub fn open<T>(path: &str, (a, b): (u8, u8)) -> Result<T> where T: Read { | body",
        "twice | let twice = |x‸, y: u8|‸ { | body",
        "Area.area | fn area(&self) -> f64; | no body",
        "Shape.area | fn area(&self) -> f64 { | body",
    ],
    "java": [
        "Row.find | public <K> T find(final K key, String... rest) throws IOException { | body",
        "Row.later | abstract void later(); | no body",
        "Row.Row | Row(int count) { | body",
        "Reader.read | int read(); | no body",
        "Reader.close | default void close() { | stub",
    ],
    "kotlin": [
        "List.twice | fun <T> List<T>.twice(a: Int = 1, vararg rest: String): Int { | stub",
        "short | fun short(a: Int)‸ = a + 1 | no body",
        "Row.constructor | constructor(a: String) : this(1) { | body",
        "Row.area | override fun area()‸ { | body",
        "Row.later | abstract fun later()‸ | no body",
        "each | val each = fun(a: Int): Int { | body",
    ],
    "c": [
        "find | static char *find(const char **names, int count, ...) { | body",
        "later | int later(void); | no body",
    ],
    "cpp": [
        "Shape.scale | template <typename T> T Shape<T>::scale(const T& by, int times = 1) const override { | body",
        "twice | auto twice = [&](int a) { | body",
        "Row.Row | Row(int a) : a_(a) { | body",
        "Row.~Row | ~Row() { | stub",
        "Row.area | virtual int area() = 0; | no body",
        "Row.operator== | bool operator==(const Row& other) { | body",
        "run | void run() { | stub",
    ],
    "csharp": [
        "Row.Find | public int Find(int a, ref string b, params int[] rest) { | stub",
        "Row.Short | int Short() => 1; | no body",
        "Row.Later | abstract void Later(); | no body",
        "Row.Row | Row(int a) : base(a) { | body",
        "Row.Outer | void Outer() { | body",
        "Inner | int Inner(int a) { | body",
    ],
    "ruby": [
        "Row.find | def find(a, b = 1, *c, d:, e: 2, **f, &g) | stub",
        "Row.make | def self.make | stub",
        "Row.short | def short = 1 | no body",
        "Row.plain | def plain a, b | body",
    ],
    "php": [
        "find | function find(‸$a, int $b = 1, ?string &...$rest): ?int { | stub",
        "Row.__construct | public function __construct(private int $count) { | body",
        "Row.later | abstract public function later()‸; | no body",
        "Row.make | public static function make(‸$a)‸ { | body",
        "each | $each = function (‸$a) use ($b)‸ { | body",
        "short | $short = fn(‸$x)‸ => $x; | no body",
    ],
    "lua": [
        "find | local function find(a, ...) | body",
        "M.make | function M.make(a) | stub",
        "M.size | function M:size(a) | body",
        "each | local each = function(x) | stub",
        "run | M.run = function(y) | body",
    ],
    "shellscript": [
        "find_it | find_it() { | body",
        "other | function other { | stub",
    ],
    "swift": [
        'find | public func find(_ a: Int, at b: String = "") -> Int { | body',
        "Row.init | init(x: Int) { | stub",
        "P.later | func later() -> Int | no body",
    ],
    "scala": [
        'find | def find(a: Int, b: String = "")(c: Int): Int = { | body',
        "Row.short | def short = 1 | no body",
        "Row.later | def later(): Unit | no body",
    ],
}


@pytest.mark.parametrize("language", SAMPLES)
def test_functions_of_a_text(language: str) -> None:
    text = SAMPLES[language]
    seen = []
    for function in functions(SyntaxTree(language, text)):
        found = shown(text, function)
        what = "no body" if found.body is None else "stub" if found.stub else "body"
        seen.append(f"{found.name} | {' '.join(found.types.split())} | {what}")
    assert seen == EXPECTED[language]


@pytest.mark.parametrize(
    ("language", "name", "above", "documentation"),
    [
        ("python", "load", "@cached\n@other(1)\n", '    """Load it.\n\n    Args:\n        a: what\n    """'),
        ("go", "Get", "// Get finds a row.\n// It is quick.\n", "// Get finds a row.\n// It is quick."),
        ("javascript", "total", "/**\n * Total of it.\n */\nexport ", "/**\n * Total of it.\n */"),
        ("javascript", "add", "  // adds 😀\n  ", "  // adds 😀"),
        ("typescript", "scale", "  @Log()\n  ", None),
        ("rust", "open", "/// Opens it.\n#[inline]\n", "/// Opens it."),
        (
            "java",
            "find",
            "    /**\n     * Finds it.\n     */\n    @Override\n    ",
            "    /**\n     * Finds it.\n     */",
        ),
        ("kotlin", "twice", "/** Doubles it. */\n@Pure\n", "/** Doubles it. */"),
        ("cpp", "scale", "// Scales it.\n", "// Scales it."),
        (
            "csharp",
            "Find",
            "    /// <summary>Finds it.</summary>\n    [Pure]\n    ",
            "    /// <summary>Finds it.</summary>",
        ),
        ("ruby", "find", "  # Finds it.\n  ", "  # Finds it."),
        ("php", "find", "/** Finds it. */\n#[Pure]\n", "/** Finds it. */"),
        ("lua", "find", "--- Finds it.\n", "--- Finds it."),
        ("shellscript", "find_it", "# Finds it.\n", "# Finds it."),
    ],
)
def test_what_stands_above(language: str, name: str, above: str, documentation: str | None) -> None:
    text = SAMPLES[language]
    found = next(f for f in functions(SyntaxTree(language, text)) if f.name == name and f.body_start >= 0)
    assert (shown(text, found).above, shown(text, found).documentation) == (above, documentation)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("go", "package a\n// Copyright\n\nfunc f() {}\n", id="a blank line between"),
        pytest.param("go", "package a\n//go:build linux\nfunc f() {}\n", id="a directive"),
        pytest.param("go", "package a\nvar x = 1 // one\nfunc f() {}\n", id="behind code"),
        pytest.param("javascript", "// eslint-disable-next-line\nfunction f() {}\n", id="for a linter"),
        pytest.param("rust", "// why\nfn f() {}\n", id="rust's plain comment"),
        pytest.param("java", "class A {\n  // why\n  void f() {}\n}\n", id="java's plain comment"),
        pytest.param("python", "# why\ndef f(): pass\n", id="python's comment"),
        pytest.param("shellscript", "#!/bin/sh\nf() { :; }\n", id="a shebang"),
        pytest.param("c", "/* ---------------- */\nint f() { return 1; }\n", id="a ruler"),
    ],
)
def test_what_is_no_documentation(language: str, text: str) -> None:
    (found,) = functions(SyntaxTree(language, text))
    assert found.documentation is None
    assert text[found.outer_start : found.start].strip() == ""


STUBS = [
    ("python", "def f(): {}", ["pass", "...", "return", "raise NotImplementedError",
                               "raise NotImplementedError('a; b')", '"Doc."', "raise NotImplementedError(\n  'x'\n)"]),
    ("go", "package a\nfunc f() {{ {} }}", ["", "// TODO: write it\n", "return", 'panic("not implemented")',
                                          'panic("TODO: parse {")', "panic(`unimplemented`)"]),
    ("javascript", "function f() {{ {} }}", ["", "/* later */", "return;", "throw new Error('Not implemented yet')",
                                            "throw new TypeError(`TODO`);"]),
    ("rust", "fn f() {{ {} }}", ["todo!()", 'todo!("x");', "unimplemented!()", 'panic!("not implemented")']),
    ("java", "class A {{ void f() {{ {} }} }}", ["throw new UnsupportedOperationException();",
                                                'throw new RuntimeException("TODO");', "// TODO\n"]),
    ("kotlin", "fun f() {{ {} }}", ["TODO()", 'TODO("later")', "throw NotImplementedError()"]),
    ("csharp", "class A {{ void f() {{ {} }} }}", ["throw new NotImplementedException();"]),
    ("php", "<?php function f() {{ {} }}", ["throw new \\Exception('Not implemented');"]),
    ("ruby", "def f\n{}\nend", ["", "raise NotImplementedError", "raise NotImplementedError, 'f'", "raise 'TODO'"]),
    ("lua", "function f()\n{}\nend", ["", 'error("not implemented")', "-- TODO"]),
    ("c", "int f(void) {{ {} }}", ["", "/* TODO */", "return;"]),
    ("shellscript", "f() {{\n{}\n}}", [":", "true", ": # later"]),
    ("swift", "func f() {{ {} }}", ['fatalError("not implemented")']),
    ("scala", "def f(): Int = {{ {} }}", ["???"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text"), [(language, frame.format(body)) for language, frame, bodies in STUBS for body in bodies]
)
def test_a_stub(language: str, text: str) -> None:
    (found,) = functions(SyntaxTree(language, text))
    assert found.stub


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "def f(): return 1\n"),
        ("python", "def f():\n    # TODO\n    return g()\n"),
        ("python", "def f():\n    raise NotImplementedError\n    return 1\n"),
        ("python", "def f(a):\n    raise ValueError('not a number')\n"),
        ("python", "@overload\ndef f(a: int) -> int: ...\n"),
        ("python", "class A(Protocol):\n    def f(self) -> int: ...\n"),
        ("python", "@abc.abstractmethod\ndef f(): raise NotImplementedError\n"),
        ("go", 'package a\nfunc f() { panic("no such row") }\n'),
        ("go", 'package a\nfunc f() { panic("TODO"); g() }\n'),
        ("go", "package a\nfunc f() { return nil }\n"),
        ("javascript", "function f() { throw new Error('no such row') }\n"),
        ("javascript", "function f() { g( }\n"),
        ("typescript", "class A { constructor(private a: string) {} }\n"),
        ("cpp", "struct A { int a; A(int b) : a(b) {} };\n"),
    ],
)
def test_no_stub(language: str, text: str) -> None:
    (found,) = functions(SyntaxTree(language, text))
    assert not found.stub


def test_a_text_with_many_functions_is_bounded() -> None:
    text = "def f(): pass\n" * (MAX_FUNCTIONS + 10)
    assert len(functions(SyntaxTree("python", text))) == MAX_FUNCTIONS


@pytest.mark.parametrize(
    ("language", "text"), [("no such language", "def f(): pass"), ("json", "{}"), ("python", "a" * (MAX_CHARS + 1))]
)
def test_no_functions(language: str, text: str) -> None:
    assert functions(SyntaxTree(language, text)) == ()
