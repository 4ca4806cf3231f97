"""Small texts in each language whose functions are known, and how to say in short what was found in them."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.syntax.functions import Function

SAMPLES: dict[str, str] = {
    "python": '''"""Module."""
import os.path as path
from a import b as c

LIMIT = 3


@cached
@other(1)
async def load(a, b: int, c=1, *args, key: str = "x", **more) -> dict[str, int]:
    """Load it.

    Args:
        a: what
    """
    for i, (j, k) in a:
        value = [x for x in j if x]
    return value  # 😀


class Row(Base):
    def size(self): return self.count

    @staticmethod
    def make(kind):
        def inner(depth):
            pass
        return inner

    @abstractmethod
    def area(self) -> float: ...
''',
    "go": """package store

import "fmt"

// Get finds a row.
// It is quick.
func (s *Store[K]) Get(key string, rest ...int) (row *Row, err error) {
	if row, ok := s.rows[key]; ok {
		return row, nil
	}
	return nil, fmt.Errorf("none") // 😀
}

type Reader interface {
	Read(p []byte) (int, error)
}

var handler = func(a, b int) int {
	return a + b
}

func todo() { panic("not implemented") }
""",
    "javascript": """import { a as b } from 'x'
/**
 * Total of it.
 */
export const total = async (items, { tax }, scale = 1, ...rest) => {
  for (const item of items) { sum += item }
  return sum
}
const short = x => x + 1
class Cart {
  #count = 0
  // adds 😀
  add(item) { throw new Error('not implemented') }
  static async *walk() {}
  each = (done) => { done() }
}
module.exports.run = function (name) { }
""",
    "javascriptreact": "export function App({ name }) {\n  return <p onClick={() => { go() }}>{name}</p>\n}\n",
    "typescript": """export function load(a: string): void
export function load(a, b?: number) { return a }
abstract class Shape {
  constructor(private name: string) {}
  abstract area(): number
  @Log()
  private scale(this: Shape, by = 1, ...rest) { /* TODO */ }
  set size(value) { }
}
declare function later(): void
const pick = <T,>(list: T[], at): T => { return list[at] }
interface Reader { read(a: string): void }
""",
    "typescriptreact": "const App = ({ name }: Props): JSX.Element => {\n  return <p>{name}</p>\n}\n",
    "rust": """use std::io::{self, Read as R};
/// Opens it.
#[inline]
pub fn open<T>(path: &str, (a, b): (u8, u8)) -> Result<T> where T: Read {
    let twice = |x, y: u8| { x * 2 };
    todo!()
}
trait Area { fn area(&self) -> f64; }
impl<T> Area for Shape<T> {
    fn area(&self) -> f64 { self.a }
}
""",
    "java": """package a;
import a.b.C;
/** A row. */
public class Row<T> extends Base {
    private int count = 0;
    /**
     * Finds it.
     */
    @Override
    public <K> T find(final K key, String... rest) throws IOException {
        for (T row : rows) { if (row.is(key)) return row; }
        throw new UnsupportedOperationException("find");
    }
    abstract void later();
    Row(int count) { this.count = count; }
}
interface Reader { int read(); default void close() { } }
""",
    "kotlin": """import a.b.C as D
/** Doubles it. */
@Pure
fun <T> List<T>.twice(a: Int = 1, vararg rest: String): Int {
    TODO()
}
fun short(a: Int) = a + 1
class Row(val size: Int) : Base() {
    constructor(a: String) : this(1) {}
    override fun area() { val (x, y) = pair; for (i in 1..2) { use(i) } }
    abstract fun later()
}
val each = fun(a: Int): Int { return a }
""",
    "c": """#include "a.h"
#define LIMIT 3
/** Finds it. */
static char *find(const char **names, int count, ...)
{
    for (int i = 0; i < count; i++) { use(i); }
    return 0;
}
int later(void);
int (*callback)(int) = 0;
""",
    "cpp": """// Scales it.
template <typename T>
T Shape<T>::scale(const T& by, int times = 1) const override {
    auto twice = [&](int a) { return a; };
    return by;
}
class Row : public Base {
  Row(int a) : a_(a) {}
  ~Row() {}
  virtual int area() = 0;
  bool operator==(const Row& other) { return true; }
};
namespace deep { void run() {} }
""",
    "csharp": """using System;
class Row {
    /// <summary>Finds it.</summary>
    [Pure]
    public int Find(int a, ref string b, params int[] rest) { throw new NotImplementedException(); }
    int Short() => 1;
    abstract void Later();
    Row(int a) : base(a) { }
    void Outer() { int Inner(int a) { return a; } }
}
""",
    "ruby": """require 'x'
class Row
  # Finds it.
  def find(a, b = 1, *c, d:, e: 2, **f, &g)
    raise NotImplementedError
  end
  def self.make; end
  def short = 1
  def plain a, b
    @rows.each do |row| puts row end
  end
end
""",
    "php": """<?php
use A\\B as C;
/** Finds it. */
#[Pure]
function find($a, int $b = 1, ?string &...$rest): ?int { }
abstract class Row {
    public function __construct(private int $count) {}
    abstract public function later();
    public static function make($a) { foreach ($a as $k => $v) { echo $v; } return $a; }
}
$each = function ($a) use ($b) { return $a; };
$short = fn($x) => $x;
""",
    "lua": """--- Finds it.
local function find(a, ...)
  for k, v in pairs(a) do print(v) end
end
function M.make(a) end
function M:size(a) return 1 end
local each = function(x) end
M.run = function(y) return y end
""",
    "shellscript": """#!/bin/sh
# Finds it.
find_it() {
  local a=1
  for b in c; do echo "$b"; done
}
function other { :; }
""",
    "swift": """/// Finds it.
@A public func find(_ a: Int, at b: String = "") -> Int { 1 }
class Row { init(x: Int) {} }
protocol P { func later() -> Int }
""",
    "scala": """/** Finds it. */
def find(a: Int, b: String = "")(c: Int): Int = { a }
class Row { def short = 1
  def later(): Unit }
""",
}


@dataclass(frozen=True)
class Shown:
    """A function in strings. In `types` "‸" stands where types are missing that could be written."""

    name: str
    definition: str
    above: str
    body: str | None
    closes: str
    stub: bool
    parameters: tuple[str, ...]
    types: str
    documentation: str | None


def shown(text: str, function: Function) -> Shown:
    head_end = function.body_start if function.body_start >= 0 else function.end
    missing = [each.type_at for each in function.parameters if not each.typed and each.type_at >= 0]
    missing += [function.return_at] if not function.returns_typed and function.return_at >= 0 else []
    types, at = "", function.start
    for place in sorted(missing):
        types, at = types + text[at:place] + "‸", place
    return Shown(
        f"{function.owner}.{function.name}" if function.owner else function.name,
        text[function.start : function.end],
        text[function.outer_start : function.start],
        text[function.body_start : function.body_end] if function.body_start >= 0 else None,
        function.closes if function.closed else function.closes + "?",
        function.stub,
        tuple(each.name for each in function.parameters),
        types + text[at:head_end],
        text[slice(*function.documentation)] if function.documentation is not None else None,
    )
