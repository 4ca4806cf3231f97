"""What texts define, by language; bodies and what stands in them never are definitions."""

from __future__ import annotations

import time

import pytest

from lsp_experts.syntax.definitions import MAX_DEFINITIONS, MAX_SIGNATURE_CHARS, definitions
from lsp_experts.syntax.tree import SyntaxTree


def lines(language: str, text: str) -> list[str]:
    """NAME or OWNER.NAME, and the signature."""
    found = definitions(SyntaxTree(language, text))
    return [f"{d.owner}.{d.name}: {d.line}" if d.owner else f"{d.name}: {d.line}" for d in found]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        pytest.param(
            "python",
            "class Row(Base):\n    limit: int = 3\n    def get(\n        self, a,\n    ) -> int:\n        x = 1\n"
            "@cached\nasync def load(): pass\nLIMIT: int = 3\nself.a = 1\n",
            ["Row: class Row(Base):", "Row.limit: limit: int = 3", "Row.get: def get(self, a) -> int:",
             "load: async def load():", "LIMIT: LIMIT: int = 3"],
            id="python",
        ),
        pytest.param(
            "go",
            "package m\nfunc (s *Store) Get(a int) error {\n\tx := 1\n}\ntype Store struct {\n\tName string\n}\n"
            "const (\n\tA = 1\n)\n",
            ["Store.Get: func (s *Store) Get(a int) error", "Store: type Store struct", "Store.Name: Name string",
             "A: A = 1"],
            id="go",
        ),
        pytest.param(
            "typescript",
            "export async function load(a: string): Promise<void> {\n  const no = 1\n}\n"
            "export interface Row { a: string }\nclass Cart { add(x) {} }\nexport const total = (x) => x\n",
            ["load: export async function load(a: string): Promise<void>", "Row: export interface Row",
             "Row.a: a: string", "Cart: class Cart", "Cart.add: add(x)", "total: export const total = (x) =>"],
            id="typescript",
        ),
        pytest.param(
            "rust",
            "pub(crate) fn open(a: u8) -> u8 {\n let no = 1;\n}\npub struct File { pub name: String }\n"
            "impl File { fn size(&self) {} }\nenum E { A(u8) }\n",
            ["open: pub(crate) fn open(a: u8) -> u8", "File: pub struct File", "File.name: pub name: String",
             "File.size: fn size(&self)", "E: enum E", "E.A: A(u8)"],
            id="rust",
        ),
        pytest.param(
            "java",
            "public final class Row extends X {\n  static int count = 0;\n  public int size(int a) { int no; }\n}\n",
            ["Row: public final class Row extends X", "Row.count: static int count = 0;",
             "Row.size: public int size(int a)"],
            id="java",
        ),
        pytest.param(
            "kotlin", "data class Row(val a: Int) {\n  fun x(): Int = 1\n}\nval top = 1\n",
            ["Row: data class Row(val a: Int)", "Row.x: fun x(): Int", "top: val top = 1"], id="kotlin",
        ),
        pytest.param(
            "c", "#define MAX 3\nstruct node { int a; };\nstatic int add(int a) { int no; }\nint *find(char *p);\n",
            ["MAX: #define MAX 3", "node: struct node", "node.a: int a;", "add: static int add(int a)",
             "find: int *find(char *p);"],
            id="c",
        ),
        pytest.param(
            "cpp",
            "namespace n {\nclass Row : public X {\n  int get() const;\n};\nint Row::get() const { return 1; }\n}\n",
            ["Row: class Row : public X", "Row.get: int get() const;", "get: int Row::get() const"], id="cpp",
        ),
        pytest.param(
            "php", "<?php\nfinal class Cart {\n  private int $n;\n  public function add($x) { $no = 1; }\n}\n",
            ["Cart: final class Cart", "Cart.n: private int $n;", "Cart.add: public function add($x)"], id="php",
        ),
        pytest.param(
            "ruby", "module Shop\n  class Cart < X\n    def add(item)\n      no = 1\n    end\n  end\nend\n",
            ["Shop: module Shop", "Shop.Cart: class Cart < X", "Cart.add: def add(item)"], id="ruby",
        ),
        pytest.param("lua", "function shop.pay(a)\n  x = 1\nend\n", ["pay: function shop.pay(a)"], id="lua"),
        pytest.param(
            "shellscript", "LIMIT=3\nrun() {\n  no=1\n}\n", ["LIMIT: LIMIT=3", "run: run()"], id="shell",
        ),
        pytest.param(
            "sql", "create table orders (\n  id int\n);\n",
            ["orders: create table orders", "orders.id: id int"], id="sql",
        ),
        pytest.param(
            "css", ".card, #menu > a:hover {\n  --gap: 1px;\n}\n",
            ["card: .card, #menu > a:hover", "menu: .card, #menu > a:hover", "--gap: --gap: 1px;"], id="css",
        ),
        pytest.param(
            "html",
            "<div id='menu'\n  class=\"wide open\"><a href=x></a><style>.no {}</style><script>var no</script></div>",
            [f"{name}: <div id='menu' class=\"wide open\">" for name in ("menu", "wide", "open")], id="html",
        ),
        pytest.param("a language nobody knows", "function f() {}", [], id="no grammar"),
    ],
)  # fmt: skip
def test_definitions(language: str, text: str, expected: list[str]) -> None:
    assert lines(language, text) == expected


def test_what_can_be_read_of_a_broken_text_is_found() -> None:
    assert "Row: class Row:" in lines("python", "def broken(a, b):\n    x = = 1\n\nclass Row:\n    pass\n")
    assert "Open: func Open()" in lines("go", "package m\nfunc x( {\n}\nfunc Open() {\n}\n")


def test_offsets_are_code_points() -> None:
    assert "名: def 名(a):" in lines("python", "x = '👩‍🚀é'\r\ndef 名(a):\r\n\tpass\r\n")


def test_bounds() -> None:
    assert len(lines("go", "".join(f"func f{number}() {{\n}}\n" for number in range(1000)))) == MAX_DEFINITIONS
    assert lines("javascript", "const long = " + "x" * (MAX_SIGNATURE_CHARS + 1)) == []
    assert lines("python", "x = 1\n" * 60_000) == [], "too long a text has no tree"


@pytest.mark.parametrize("language", ["css", "python", "html", "javascript", "go"])
def test_deep_texts_are_no_trouble(language: str) -> None:
    for text in ("(" * 5000, "{" * 5000, "<div>" * 5000, "class A:\n" * 2000, "a{" * 5000, "namespace a {" * 2000):
        started = time.monotonic()
        lines(language, text)
        assert time.monotonic() - started < 20
