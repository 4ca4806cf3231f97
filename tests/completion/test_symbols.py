"""Definitions by language, and what is never taken for one."""

from __future__ import annotations

import time

import pytest

from lsp_experts.completion.key_material import looks_secret
from lsp_experts.completion.symbols import MAX_SYMBOLS, definitions


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("go", "func Add() int {\n}\nfunc (s *Store) Get() {\ntype Store struct {\nvar Max = 3", "Add Get Store Max"),
        ("typescript", "export async function load() {\nexport interface Row {\n  let b = 1\nlet a = 2", "load Row a"),
        ("javascript", "class Cart {\n  add() {}\n}\nconst total = (x) => x", "Cart total"),
        ("python", "class Row:\n    def get(self):\n        x = 1\nLIMIT: int = 3\nif a == b:\n", "Row get LIMIT"),
        ("rust", "pub(crate) fn open() {\npub struct File;\nimpl Drop for File {\ntrait Read {", "open File Drop Read"),
        ("html", '<div id="menu" class="wide open">\n<a href="x">', "menu wide"),
        ("css", ".card { }\n#menu > a:hover {\n  --gap: 1px;\n}", "card menu --gap"),
        ("c", "#define MAX 3\nstruct node {\nstatic int add(int a, int b) {\n  return add(1, 2);\n}", "MAX node add"),
        ("cpp", "class Row {\nstd::vector<int> all(int a)\n", "Row all"),
        ("java", "public final class Row {\n    static int count = 0;\n    public int size() {", "Row count size"),
        ("kotlin", "data class Row(val a: Int)\nfun open(): Row {\nval top = 1", "Row open top"),
        ("sql", "CREATE TABLE IF NOT EXISTS orders (\ncreate or replace view open_orders as", "orders open_orders"),
        ("ruby", "module Shop\n  class Cart\n    def add(item)", "Shop Cart add"),
        ("php", "final class Cart {\n  public function add($x) {", "Cart add"),
        ("lua", "local function no() end\nfunction shop() end", "shop"),
        ("shellscript", "LIMIT=3\nrun() {\nfunction stop() {", "LIMIT run stop"),
        ("a language nobody knows", "function f() {\n", "f"),
    ],
)  # fmt: skip
def test_definitions(language: str, text: str, names: str) -> None:
    assert [symbol.name for symbol in definitions(text, language)] == names.split()


def test_a_symbol_holds_its_line() -> None:
    (symbol,) = definitions("\n\n  export function add(a, b) {  \n", "javascript")
    assert symbol.line == "export function add(a, b) {"


def test_bounds() -> None:
    assert len(definitions("".join(f"func f{number}() {{\n" for number in range(1000)), "go")) == MAX_SYMBOLS
    assert definitions("const long = " + "x" * 500, "go") == ()


@pytest.mark.parametrize("language", ["go", "css", "c", "java", "python", "html", "sql", "shellscript"])
@pytest.mark.parametrize("piece", ["a ", "a.", "public ", "(", "class=", " ", "a{", "<", "pub("])
def test_no_line_takes_for_ever(language: str, piece: str) -> None:
    """Backtracking is bounded: a hundred times the text takes about a hundred times as long, not ten thousand."""

    def taken_s(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        definitions(text, language)
        return time.process_time() - started

    taken_s(1000)
    assert taken_s(100_000) < 1000 * max(taken_s(1000), 0.0005)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", True),
        ("MIIEpAIBAAKCAQEAx1Z2Jm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg", True),
        ("key = AKIAIOSFODNN7EXAMPLE", True),
        ('const token = "hunter2hunter2"', True),
        ("password: 'correct horse'", True),
        ("func tokenize(text string) []string {", False),
        ("password := readPassword()", False),
        ('label = "Token"', False),
    ],
)
def test_key_material(text: str, secret: bool) -> None:
    assert looks_secret(text) is secret
    assert definitions(f"def f(): return 1  # {text}\n", "python") == () or not secret
