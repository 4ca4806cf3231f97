"""Regions: what is where, in which language, and how it is said there. Tables of marked sources."""

from __future__ import annotations

import pytest
from cursor import MARK, split_cursor

from lsp_experts.routing.regions import Region, region_at, regions
from lsp_experts.syntax.tree import SyntaxTree


def at(language: str, marked: str, earlier: str = "") -> tuple[Region | None, int]:
    text, offset = split_cursor(marked)
    return region_at(SyntaxTree(language, text), offset, earlier), offset


def check(language: str, marked: str, region_language: str, shown: str | None, earlier: str = "") -> None:
    """The region at the mark is in this language, and its text with the mark is `shown` (None: no place of its own)."""
    region, offset = at(language, marked, earlier)
    assert region is not None
    assert region.language == region_language
    place = region.inside(offset)
    assert (None if place is None else region.text[:place] + MARK + region.text[place:]) == shown
    assert region.start <= offset <= region.end
    if place is not None:
        assert region.outside(place) == offset


GO = "package a\nfunc f() {\n\t%s\n}\n"
NOTEBOOK = (
    '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": [\n%s\n   ]\n  },\n  {"cell_type": "markdown", '
    '"source": "# h"},\n  {"cell_type": "raw", "source": "r"}\n ],\n "metadata": {"kernelspec": {"language": "%s"}}\n}'
)


@pytest.mark.parametrize(
    ("host", "marked", "language", "shown"),
    [
        # scripts and styles
        ("html", "<script>‸</script>", "javascript", "‸"),
        (
            "html",
            "<div>\n  <script>\n    if (a) {\n      b(‸\n    }\n  </script>",
            "javascript",
            "\nif (a) {\n  b(‸\n}\n",
        ),
        ("html", "<script>\n    ‸\n  </script>", "javascript", "\n‸\n"),
        ("html", "<script type=module>a‸</script>", "javascript", "a‸"),
        ("html", '<script type="text/javascript; charset=utf-8">a‸</script>', "javascript", "a‸"),
        ("html", '<script lang="ts">a‸</script>', "typescript", "a‸"),
        ("html", '<script type="text/typescript">a‸</script>', "typescript", "a‸"),
        ("html", '<script type="application/ld+json">{‸}</script>', "json", "{‸}"),
        ("html", '<script type="importmap">{‸}</script>', "json", "{‸}"),
        ("html", '<script type="text/x-template"><p>‸</p></script>', "html", "<p>‸</p>"),
        ("html", "<style>a{‸}</style>", "css", "a{‸}"),
        ("html", "<style lang=scss>\r\n\ta {\r\n\t\t‸\r\n\t}\r\n</style>", "scss", "\na {\n\t‸\n}\n"),
        ("html", "<SCRIPT>a‸</SCRIPT>", "javascript", "a‸"),
        ("html", "<p title='😋'>\u0301<script>'😋\u0301'‸</script>", "javascript", "'😋\u0301'‸"),
        ("html", "{% block x %}<script>let a = {{ b }}‸</script>{% endblock %}", "javascript", "let a = {{ b }}‸"),
        # not closed yet
        ("html", "<p><script>\n  let a = ‸", "javascript", "\nlet a = ‸"),
        ("html", "<body>\n<script>\n  a‸\n</body>\n</html>\n", "javascript", "\na‸\n"),
        ("html", "<script>\n  a‸\n<style>\nb{}\n</style>", "javascript", "\na‸\n"),
        ("html", "<script>\n  a\n<script>\n  b‸\n</script>", "javascript", "\nb‸\n"),
        ("html", "<div><p <script>\n  a‸\n", "javascript", "\na‸\n"),
        # attributes
        ("html", '<a onclick="f(&quot;x&quot;, ‸)">', "javascript", 'f("x", ‸)'),
        ("html", '<a onclick="f(&qu‸ot;)">', "javascript", None),
        ("html", "<a style='color: ‸'>", "css", "color: ‸"),
        # components
        ("vue", '<script setup lang="ts">\nlet a‸\n</script>\n<template/>', "typescript", "\nlet a‸\n"),
        ("vue", "<template><p>{{ a.‸ }}</p></template>", "javascript", " a.‸ "),
        ("vue", "<template><p>{{‸}}</p></template>", "javascript", "‸"),
        ("vue", '<template><p @click="a(‸)"/></template>', "javascript", "a(‸)"),
        ("vue", '<script lang="ts"></script><template><p :x="‸"/></template>', "typescript", "‸"),
        ("vue", '<style lang="less">a{‸}</style>', "less", "a{‸}"),
        ("svelte", "<script>‸</script>", "javascript", "‸"),
        ("svelte", "<p on:click={() => ‸}>x</p>", "javascript", "() => ‸"),
        ("svelte", "{#if a > ‸}x{/if}", "javascript", "a > ‸"),
        ("svelte", "<p>{‸}</p>", "javascript", "‸"),
        ("astro", "---\nconst a = ‸;\n---\n<p/>", "typescript", "\nconst a = ‸;\n"),
        ("astro", "---\n---\n<p>{a‸}</p>", "typescript", "a‸"),
        # PHP: the page round it, and the scripts of the page
        ("php", "<p>‸<?php echo 1; ?></p>", "html", "<p>‸ </p>"),
        ("php", "<?php if (1): ?>\n<b>‸</b>\n<?php endif; ?>\n<i/>", "html", "<b>‸</b>\n <i/>"),
        ("php", "<?php a(); ?><script>let b‸</script>", "javascript", "let b‸"),
        # Markdown
        ("markdown", "```go\n‸\n```", "go", "‸"),
        ("markdown", "# a\n\n~~~ {.python}\na‸\n~~~\n", "python", "a‸"),
        ("markdown", "```golang\n‸", "go", "‸"),
        ("markdown", "- x\n\n  ```py\n  if a:\n      b‸\n  ```", "python", "if a:\n    b‸"),
        ("markdown", "> ```js\n> a‸\n>\n> b\n> ```", "javascript", "a‸\n\nb"),
        ("markdown", "```js\r\na‸\r\nb\r\n```\r\n", "javascript", "a‸\nb"),
        ("markdown", "````md\n```go\n‸\n```\n````", "go", "‸"),
        ("markdown", "```go\na‸\n\n```python\nb\n```\n", "go", "a‸\n"),
        ("markdown", "```html\n<script>\n  a‸\n</script>\n```", "javascript", "\na‸\n"),
        ("markdown", "---\ntitle: ‸\n---\n# a", "yaml", "title: ‸"),
        # SQL: by what it is passed to, by name, by comment, by how it begins
        ("go", GO % 'db.Query("SELECT ‸")', "sql", "SELECT ‸"),
        (
            "go",
            GO % "rows, err := db.QueryRowContext(ctx, `\n\t\tselect a\n\t\t  ‸\n\t`, 1)",
            "sql",
            "\nselect a\n  ‸\n",
        ),
        ("go", GO % 'db.Get(&user, "SELECT a \\"b\\" ‸")', "sql", 'SELECT a "b" ‸'),
        ("go", GO % "db.Exec(`‸`)", "sql", "‸"),
        ("go", GO % 'const userSQL = "‸"', "sql", "‸"),
        ("go", GO % "x := /* sql */ `‸`", "sql", "‸"),
        ("go", GO % "x := `SELECT a\n\tFROM b WHERE ‸`", "sql", "SELECT a\nFROM b WHERE ‸"),
        ("python", 'cursor.execute("SELECT \\"a\\" ‸", x)', "sql", 'SELECT "a" ‸'),
        ("python", "session.execute(text('select ‸'))", "sql", "select ‸"),
        ("python", 'pd.read_sql("""\n    select a\n    ‸\n""", c)', "sql", "\nselect a\n‸\n"),
        ("python", 'query = f"SELECT {a} FROM {{b}} ‸"', "sql", "SELECT {a} FROM {b} ‸"),
        ("python", "sql = r'select \\d ‸'", "sql", "select \\d ‸"),
        ("python", 'c.execute(\n    "SELECT a "\n    "FROM ‸"\n    "b"\n)', "sql", "SELECT a FROM ‸b"),
        ("python", "# language=sql\nx = '‸'", "sql", "‸"),
        ("python", 'x = """-- sql\n‸"""', "sql", "-- sql\n‸"),
        ("python", "x = 'INSERT INTO a ‸'", "sql", "INSERT INTO a ‸"),
        ("python", "x = 'WITH a AS (SELECT ‸'", "sql", "WITH a AS (SELECT ‸"),
        ("python", "f('SELECT \\u00e9 \\N{BULLET} \\x41 FROM ‸')", "sql", "SELECT é \\N{BULLET} A FROM ‸"),
        ("python", "execute('SELECT \\‸n')", "sql", None),
        # strings that are not closed yet
        ("python", 'db.execute("SELECT a ‸)\nb = 1\n', "sql", "SELECT a ‸"),
        ("python", 'def f():\n    db.execute("""\n        SELECT ‸\n\ndef g(): pass\n', "sql", "\nSELECT ‸"),
        ("go", GO % 'db.Query("SELECT a ‸)', "sql", "SELECT a ‸"),
        ("go", "package a\nfunc f() {\n\tdb.Query(`SELECT ‸\n\n}\nfunc g() {}\n", "sql", "SELECT ‸"),
        ("javascript", "const a = sql`select ‸\nfoo()", "sql", "select ‸\nfoo()"),
        # templates of JavaScript
        ("javascript", "x = sql`SELECT ${a} ‸`", "sql", "SELECT ${a} ‸"),
        ("typescript", "x = sql<User>`SELECT ‸`", "sql", "SELECT ‸"),
        ("javascript", "html`<p>\\`‸</p>`", "html", "<p>`‸</p>"),
        ("javascript", "styled.div`color: ‸`", "css", "color: ‸"),
        ("javascript", "styled(Button).attrs({})`color: ‸`", "css", "color: ‸"),
        ("javascript", "html`<style>a{‸}</style>`", "css", "a{‸}"),
        ("javascript", "html`${x => html`<b>‸</b>`}`", "html", "<b>‸</b>"),
        ("typescriptreact", "gql`query { ‸ }`", "graphql", "query { ‸ }"),
        ("javascript", "await client.query(`select ‸`)", "sql", "select ‸"),
        # notebooks
        ("ipynb", NOTEBOOK % ('    "a = 1\\n",\n    "b = \\"‸\\""', "python"), "python", 'a = 1\nb = "‸"'),
        ("ipynb", NOTEBOOK % ('    "a = ‸\\n",\n    "b"', "julia"), "julia", "a = ‸\nb"),
        ("ipynb", NOTEBOOK % ('    "a\\n‸",\n    "b"', "python"), "python", None),
        ("ipynb", NOTEBOOK % ('    "a\\ud83d\\ude0b‸"', "python"), "python", "a😋‸"),
        ("ipynb", (NOTEBOOK % ("", "python")).replace("# h", "# h‸"), "markdown", "# h‸"),
        ("ipynb", NOTEBOOK % ("    \"c.execute('SELECT ‸')\"", "python"), "sql", "SELECT ‸"),
        ("python", "%%sql\nselect ‸", "sql", "select ‸"),
        ("python", "%%bash\n‸", "shellscript", "‸"),
    ],
)
def test_region(host: str, marked: str, language: str, shown: str | None) -> None:
    check(host, marked, language, shown)


@pytest.mark.parametrize(
    ("host", "marked"),
    [
        ("html", "<p>‸</p><script>a</script>"),
        ("html", "<script‸>a</script>"),
        ("html", "<script>a</scr‸ipt>"),
        ("html", "<script>a</script>‸"),
        ("html", '<script type="text/x-unknown">‸</script>'),
        ("html", '<a title="‸">'),
        ("html", "<!-- <script>‸</script> -->"),
        ("vue", '<template><p v-for="x of ‸"/></template>'),
        ("vue", "<template>‸</template>"),
        ("php", "<p><?php echo ‸; ?></p>"),
        ("php", "<?php\n$a = ‸"),
        ("markdown", "‸```go\na\n```"),
        ("markdown", "```go‸\na\n```"),
        ("markdown", "```go\na\n``‸`"),
        ("markdown", "```\n‸\n```"),
        ("markdown", "a `b‸` c"),
        ("python", "x = '‸'"),
        ("python", "print('select one of the ‸')"),
        ("python", "x = ‸'SELECT a FROM b'"),
        ("python", "x = 'SELECT a FROM b'‸"),
        ("python", "f'SELECT {a‸} FROM b'"),
        ("python", "requests.get('SEL‸')"),
        ("python", "x = b'SELECT a FROM ‸'"),
        ("python", "x = 'SELECT a FROM b'\ny = ‸"),
        ("go", GO % 'fmt.Println("‸")'),
        ("go", GO % 'exec.Command("‸")'),
        ("javascript", "x = `‸`"),
        ("javascript", "html`<p>${a‸}</p>`"),
        ("ipynb", '{"cells": [{"cell_type": "code", "metadata": {‸}, "source": ["a"]}]}'),
        ("ipynb", (NOTEBOOK % ("", "python")).replace('"r"', '"r‸"')),
        ("ruby", "x = 'SELECT a FROM ‸'"),
        ("plaintext", "<script>‸</script>"),
        ("", "‸"),
    ],
)
def test_no_region(host: str, marked: str) -> None:
    assert at(host, marked)[0] is None


@pytest.mark.parametrize(
    ("host", "marked", "said", "after"),
    [
        (
            "html",
            "<p>\n  <script>\n    a(‸\n  </script>",
            "\n  b\n)",
            "<p>\n  <script>\n    a(\n      b\n    )‸\n  </script>",
        ),
        ("html", "<p>\n  <script>\n    a\n  ‸\n  </script>", "b", "<p>\n  <script>\n    a\n    b‸\n  </script>"),
        ("html", "<script>\n  a‸\n</script>", "\n\nb", "<script>\n  a\n\n  b‸\n</script>"),
        ("html", "<script>‸</script>", "'</script>'", None),
        ("html", "<script>a<‸script></script>", "/", None),
        ("html", "<style>‸</style>", "</STYLE>", None),
        ("html", '<a onclick="‸">', 'a("<&&b&amp;")', '<a onclick="a(&quot;<&&amp;b&amp;amp;&quot;)‸">'),
        ("vue", "<template>{{ a‸ }}</template>", "}}", None),
        ("php", "<b>‸</b>", "<?= 1", None),
        ("markdown", "```go\n‸\n```", "a\nb", "```go\na\nb‸\n```"),
        ("markdown", "```go\n‸\n```", "a\n```\n", None),
        ("markdown", "> ```go\n> a‸\n> ```", "\n\nb", "> ```go\n> a\n>\n> b‸\n> ```"),
        ("python", "execute('SELECT ‸')", "'a' \\", "execute('SELECT \\'a\\' \\\\‸')"),
        ("python", "execute('SELECT ‸')", "a\nb", None),
        ("python", 'execute(r"SELECT ‸")', '"', None),
        ("python", 'execute(r"SELECT ‸")', "\\", None),
        ("python", 'execute(r"SELECT ‸")', "\\d", 'execute(r"SELECT \\d‸")'),
        ("python", 'execute("""SELECT ‸""")', 'a "b" c', 'execute("""SELECT a "b" c‸""")'),
        ("python", 'execute("""SELECT ‸""")', 'a "b"', 'execute("""SELECT a "b\\"‸""")'),
        ("python", 'execute("""\n  SELECT\n  ‸\n""")', "a\nb", 'execute("""\n  SELECT\n  a\n  b‸\n""")'),
        ("python", 'execute(f"SELECT {a} ‸")', "{b}", 'execute(f"SELECT {a} {{b}}‸")'),
        ("python", "execute('SELECT \\1‸')", "2", None),
        ("go", GO % "db.Query(`SELECT ‸`)", "`", None),
        ("go", GO % "db.Query(`SELECT ‸`)", "a\nFROM b", GO % "db.Query(`SELECT a\n\tFROM b‸`)"),
        ("go", GO % 'db.Query("SELECT ‸")', "a\nb", None),
        ("go", GO % 'db.Query("SELECT ‸")', '"\\', GO % 'db.Query("SELECT \\"\\\\‸")'),
        ("javascript", "sql`a ‸`", "`${b}\\", "sql`a \\`\\${b}\\\\‸`"),
        ("javascript", "sql`a $‸`", "{b}", None),
        ("ipynb", NOTEBOOK % ('    "a‸"', "python"), '"\n\tb', NOTEBOOK % ('    "a\\"\\n",\n    "\\tb‸"', "python")),
    ],
)
def test_spoken(host: str, marked: str, said: str, after: str | None) -> None:
    region, offset = at(host, marked)
    assert region is not None
    place = region.inside(offset)
    assert place is not None
    found = region.spoken(said, place, 0)
    text = marked.replace(MARK, "")
    assert (found and text[:offset] + found[0] + MARK + text[offset + found[1] :]) == after


@pytest.mark.parametrize(
    ("host", "marked", "said", "replaced", "after"),
    [
        ("python", "execute('SELECT ‸\\'a\\' b')", "c", 3, "execute('SELECT c b')"),
        ("html", "<script>\n  a(‸b,\n  c)\n</script>", "d\ne", 4, "<script>\n  a(d\n  e)\n</script>"),
        ("python", "execute(f'SELECT ‸{a} b')", "c", 3, None),
        ("php", "<p>‸<?php a() ?></p>", "b", 1, None),
        ("html", "<script>‸a</script>", "b", 99, None),
    ],
)
def test_what_is_replaced(host: str, marked: str, said: str, replaced: int, after: str | None) -> None:
    region, offset = at(host, marked)
    assert region is not None
    place = region.inside(offset)
    assert place is not None
    found, text = region.spoken(said, place, replaced), marked.replace(MARK, "")
    assert (found and text[:offset] + found[0] + text[offset + found[1] :]) == after


def test_a_cell_goes_on_from_the_cells_before() -> None:
    check("python", "y = x‸\r\n", "python", "x = 1\n\ny = x‸\n", "x = 1")
    check("python", "execute('SELECT ‸')", "sql", "SELECT ‸", "x = 1")
    region, _ = at("python", "y‸", "x = 1")
    assert region is not None
    assert region.spoken("a\nb", len(region.text), 0) == ("a\nb", 0)
    assert region.spoken("a", 2, 0) is None
    assert at("python", "y‸")[0] is None


def test_what_ends_it() -> None:
    def stops(language: str, marked: str) -> tuple[str, ...]:
        region, _ = at(language, marked)
        assert region is not None
        return region.stops

    assert stops("html", "<script>‸</script>") == ("</script",)
    assert stops("markdown", "~~~~go\n‸\n~~~~") == ("\n~~~~",)
    assert stops("python", 'execute("SELECT‸")') == ('"', "\n")
    assert stops("python", 'execute("""SELECT‸""")') == ('"""',)
    assert stops("go", GO % "db.Query(`‸`)") == ("`",)


def test_keys_stay_while_the_document_is_edited_elsewhere() -> None:
    def keys(text: str) -> list[str]:
        return [region.key for region in regions(SyntaxTree("html", text))]

    page = "<p>a</p><style>b{}</style><script>c</script><i onclick='d'></i><script>e</script>"
    assert keys(page) == ["style:0", "script:0", "attribute:0", "script:1"]
    assert keys(page.replace("<p>", "<p>\nx").replace("e<", "eee\n<")) == keys(page)


def test_all_regions_of_a_document() -> None:
    text = "```go\na\n```\n\ntext\n\n```html\n<script>b</script>\n```\n```\nc\n```\n"
    found = regions(SyntaxTree("markdown", text))
    assert [(region.language, region.text) for region in found] == [("go", "a"), ("html", "<script>b</script>")]
    assert regions(SyntaxTree("ruby", "x")) == regions(SyntaxTree("", "")) == ()
    assert len(regions(SyntaxTree("html", "<style>a{}</style>" * 100))) == 64
    assert len(regions(SyntaxTree("html", f"<style>{'a' * 40_000}</style>" * 2))) == 1


def test_the_page_round_php_is_one_region() -> None:
    (region,) = regions(SyntaxTree("php", "<p><?= $a ?></p>\n<?php b(); ?>\n<i/>"))
    assert (region.language, region.text) == ("html", "<p> </p>\n <i/>")


def test_a_long_page_round_php_has_parts() -> None:
    found = regions(SyntaxTree("php", "<p><?= $a ?></p>\n" * 300))
    assert [region.key for region in found] == ["html:0", "html1:0"]
    assert found[0].end <= found[1].start
