"""Which names are in scope at a place, and what stands there."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.syntax.names import MAX_NAMES, attributes_at, names_at, token_kind
from lsp_experts.syntax.tree import SyntaxTree

PYTHON = """import os.path, sys as y
from a import b, c as d
K = 1

def f(p, q: int = 2, *r, **s):
    for i, (j, k) in p:
        v = [hidden for hidden in j]
        with z as w: u = 2
    ‸x = 1
    later = 1

class C:
    m = 1
    def g(self): pass
T: int = 3
"""
GO = """package m
import (
	f "fmt"
	"os/exec"
)
const A, B = 1, 2
type T struct { a, b int }
func (r *T) g(p, q int) (n int, err error) {
	for i, v := range p { x := 1 }
	if bad := y(); bad != nil {
		w := 2
		return n, ‸w
	}
	z := 1
}
func later() {}
"""
JAVASCRIPT = """import a, { b as c, d } from 'x'
import * as e from 'y'
function f({k, l: m, n = 1}, [z], ...o) {
  for (const [q, r] of h) { let s = 1 }
  try {} catch (j) { const u = o.map(t => ‸t + 1) }
}
class X { field = 1; run() {} }
const later = () => {}
"""
TYPESCRIPT = """import type { A } from 'x'
interface I { p: number }
enum E { P }
class C<U> { private q = 1; m(a: number, b?: string) { const { c, d: e } = a; return ‸c } }
"""
JAVA = """import a.b.C;
class X<T> {
  int f, g = 1;
  void m(int p, String... q) {
    for (int i = 0; ; ) {}
    for (String s : q) { int u = ‸p; }
    int k;
  }
  void later() {}
}
"""
RUST = """use a::{b, c as d, e::f};
const A: i32 = 1;
impl S {
    fn other(&self) {}
    fn g(&self, p: i32, (q, r): (i32, i32)) {
        let (h, mut i) = p;
        for k in l {}
        match o { Some(n) if n > 1 => ‸n, _ => i }
    }
}
fn later() {}
"""
KOTLIN = """import a.b.C as D
class A(val p: Int) {
  var r = 1
  fun m(a: Int = 1) { val (x, y) = a; for (i in 1..2) { l.map { c, d -> ‸c } } }
  fun n() {}
}
"""
C = """#define M 1
typedef struct s { int field; } S;
enum e { P, Q = 2 };
static int *g, h[3] = {1};
int main(int argc, char **argv) {
  for (int i = 0; i < 1; i++) { }
  int a = 1, *b = &a;
  return ‸a;
}
int later() {}
"""
CPP = "class C { int m_a; void f(const T& x) { for (auto& y : x) { auto [p, q] = y; return ‸p; } } void g() {} };"
CSHARP = """class C { int f = 1, g; int P { get; set; }
  void M(int a) { var b = 1; foreach (var c in d) { l.Select(v => v + ‸c); } }
}
"""
RUBY = """A = 1
b = 2
class B
  def m(a, k: 1)
    @c = 1; d, e = 1, 2
    g.each do |h, i|
      ‸h
    end
  end
  def n; @z = 2 end
end
"""
PHP = "<?php $out = 1; function f($a, &$b) { foreach ($n as $o => $p) { [$k, $l] = $m; } return ‸$a; } class K {}"
LUA = """local a, b = 1, 2
local function f(x, ...)
  for i = 1, 2 do local z = i end
  for k, v in pairs(t) do return ‸k end
end
"""


@pytest.mark.parametrize(
    ("language", "marked", "names"),
    [
        ("python", PYTHON, "u w v k j i s r q p f K d b y os C T"),
        ("go", GO, "w bad err n q p r T B A exec f later"),
        ("javascript", JAVASCRIPT, "t u j o z n m k f e d c a X later"),
        ("typescript", TYPESCRIPT, "e c b a U C E I A"),
        ("java", JAVA, "s q p m g f later T X C"),
        ("rust", RUST, "n h i r q p S A f d b later"),
        ("kotlin", KOTLIN, "d c i y x a m r n p A D"),
        ("c", C, "b a argv argc main h g Q P e s S M"),
        ("cpp", CPP, "q p y x f m_a g C"),
        ("csharp", CSHARP, "v c b a M P g f C"),
        ("ruby", RUBY, "i h e d @c k a m n B @z A"),
        ("php", PHP, "$l $k $p $o $b $a f K"),
        ("lua", LUA, "v k x f b a"),
        ("shellscript", "a=1\nfor b in c; do echo $‸b; done\n", "b a"),
        ("python", "class A:\n    m = 1\n    n = ‸m\n", "m A"),
        ("python", "class A:\n    m = 1\n    def f(self): return ‸m\n", "self A"),
        ("python", "[‸x for x, y in a if (n := 1)]\n", "n y x"),
        ("python", "def f(a):\n    x = ‸a\n", "a f"),
        ("python", "try: pass\nexcept E as e:\n    ‸e\n", "e"),
        ("python", "def f(a):\n    if a:\n        b = 1\n    return ‸", "b a f"),
        ("python", "def f(a):\n    b = 1\n    ‸\n", "b a f"),
        ("python", "def f(a):\n    b = 1\n‸\n", "f"),
        ("javascript", "const f = () => { ‸f() }\n", "f"),
        ("javascript", "function f() {\n  const a = () => ‸b()\n  function b() {}\n}\n", "a b f"),
        ("go", "package m\nfunc f() {\n\ta := func() { ‸b() }\n\tb := 1\n}\n", "f"),
        ("go", "package m\nfunc f(a int) {\n\tb := 1\n\treturn ‸\n", "b a f"),
    ],
)
def test_names_in_scope(language: str, marked: str, names: str) -> None:
    text, offset = split_cursor(marked)
    assert " ".join(names_at(SyntaxTree(language, text), offset)) == names


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        pytest.param("python", "b = 1\na.‸b\n", id="an attribute"),
        pytest.param("python", "b = 1\nf(‸b=2)\n", id="the label of an argument"),
        pytest.param("python", "b = 1 # ‸b\n", id="a comment"),
        pytest.param("python", "b = '‸b'\n", id="a string"),
        pytest.param("javascript", "const b = {‸b: 1}\n", id="a key"),
        pytest.param("java", "class A { int b; void f() { this.‸b = 1; } }", id="a field"),
        pytest.param("no such language", "b ‸b", id="no tree"),
    ],
)
def test_no_name_stands_there(language: str, marked: str) -> None:
    text, offset = split_cursor(marked)
    assert names_at(SyntaxTree(language, text), offset) == ()


def test_names_are_bounded_and_the_nearest_stay() -> None:
    text = "".join(f"name{number} = {number}\n" for number in range(500))
    found = names_at(SyntaxTree("python", text), len(text))
    assert len(found) == MAX_NAMES
    assert found[0] == "name499"


def test_a_keyword_that_a_broken_text_takes_for_a_name_is_none() -> None:
    text = "def f(a):\n    if = 1\n    return = 2\n    x = \n"
    assert not {"if", "return"} & set(names_at(SyntaxTree("python", text), len(text) - 1))


@pytest.mark.parametrize(
    ("language", "marked", "attributes"),
    [
        (
            "python",
            "class C:\n  def g(self):\n    return self.‸m + self.n\n  def h(self): self.zed = self.g\n",
            "n zed g",
        ),
        ("python", "# a.no\nb.a.x\na.y = 'a.z'\na.‸q\n", "y"),
        ("javascript", "this.a.b(); this.a?.c; x.y(this.a.‸d)", "c b"),
        ("java", "class A { void m() { list.add(1); list.‸remove(2); foo(list.size()); } }", "add size"),
        ("go", "package m\nfunc f(s *S) { s.a = s.b; s.‸c() }", "b a"),
        ("rust", "fn f(s: S) { s.a = s.b; s.‸c(); }", "b a"),
        ("c", "int f(S *s) { s->a = 1; return s->‸b; }", "a"),
        ("php", "<?php $a->b; $a->‸c(); $a->d();", "b d"),
        ("lua", "m.a = 1\nm:b()\nm.‸c = 2\n", "b a"),
        ("python", "‸a.b\n", ""),
        ("python", "a.b‸(c)\n", ""),
    ],
)
def test_attributes_of_the_same_receiver(language: str, marked: str, attributes: str) -> None:
    text, offset = split_cursor(marked)
    assert " ".join(attributes_at(SyntaxTree(language, text), offset)) == attributes


@pytest.mark.parametrize(
    ("language", "text", "token", "kind"),
    [
        ("python", "x = abc + 1", "abc", "identifier"),
        ("python", "x = abc+1", "abc", "identifier"),
        ("python", "x = a + 1", "+", "operator"),
        ("python", "x = a and b", "and", "operator"),
        ("python", "x = 😀 + 12", "12", "number"),
        ("python", "x = '😀a'", "'😀a'", "string"),
        ("python", "x = f'{a}'", "a", "identifier"),
        ("python", "return 1", "return", "keyword"),
        ("python", "x = True", "True", "keyword"),
        ("python", "# ab", "# ab", "comment"),
        ("python", "f(a)", "f", "identifier"),
        ("python", "f(a)", "a", "identifier"),
        ("python", "f()", ")", "other"),
        ("go", "package m\nvar a = b != nil", "!=", "operator"),
        ("go", "package m\nvar a = b != nil", "nil", "keyword"),
        ("javascript", "a === b", "===", "operator"),
        ("javascript", "a.bc", "bc", "identifier"),
        ("java", "class A { int x = 0xF; }", "0xF", "number"),
        ("rust", 'fn f() { a("x") }', '"x"', "string"),
        ("c", "int a = 'x';", "'x'", "string"),
        ("php", "<?php $ab = 1;", "$ab", "identifier"),
        ("ruby", "@ab = 1", "@ab", "identifier"),
    ],
)
def test_what_a_token_is(language: str, text: str, token: str, kind: str) -> None:
    root = SyntaxTree(language, text).root
    assert root is not None
    waiting = [root]
    while waiting[0].text != token.encode():
        waiting = [*waiting.pop(0).children, *waiting]
    found = waiting[0]
    while found.child_count == 1 and found.children[0].text == found.text:
        found = found.children[0]
    assert token_kind(found) == kind
