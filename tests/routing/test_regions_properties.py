"""What holds in every region, whatever is typed: nothing outside the range moves, and what was said is read back."""

from __future__ import annotations

import pytest
from cursor import split_cursor
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_experts.routing.regions import Region, region_at, regions
from lsp_experts.syntax.tree import SyntaxTree

HOSTS = {
    "script": ("html", "<p>\n  <script>\n    a(b)\n    ‸\n    c\n  </script>\n</p>"),
    "style with tabs": ("html", "<style>\n\ta {\n\t\tb: ‸c;\n\t}\n</style>\n"),
    "attribute": ("html", '<a onclick="f(&quot;‸&quot;, 1)">x</a>'),
    "vue expression": ("vue", "<template><p>{{ a + ‸ }}</p></template>"),
    "svelte script": ("svelte", '<script lang="ts">\n  let a = ‸;\n  b;\n</script>\n<p>{a}</p>'),
    "page round php": ("php", "<p>‸</p><?php a(); ?>\n<i>b</i>"),
    "fence": ("markdown", "# a\n\n- b\n\n  ```go\n  x := ‸y\n  z\n  ```\n\nc\n"),
    "fence in a quote": ("markdown", "> ```js\n> a\n> ‸b\n> ```\n"),
    "python": ("python", "db.execute('SELECT a, \\'b\\' ‸FROM c')\nx = 1\n"),
    "python, raw": ("python", "db.execute(r'SELECT a ‸FROM c')\n"),
    "python, long": ("python", 'db.execute("""\n    SELECT a,\n    ‸b\n    FROM "c"\n""")\n'),
    "python, formatted": ("python", "db.execute(f'SELECT {a} {{b}} ‸FROM c')\n"),
    "python, several": ("python", "db.execute(\n    'SELECT a '\n    'FROM b‸'\n    ' WHERE c'\n)\n"),
    "go, raw": ("go", "package a\n\nvar q = db.Query(`\n\tSELECT a\n\tFROM ‸b\n`)\n"),
    "go, interpreted": ("go", 'package a\n\nvar q = db.Query("SELECT \\"a\\" ‸FROM b")\n'),
    "template": ("javascript", "const a = sql`SELECT ${b} ‸FROM c`;\nd();\n"),
    "nested": ("markdown", "```html\n<script>\n  a(‸)\n  b\n</script>\n```\n"),
    "cell of a file": (
        "ipynb",
        '{"cells": [{"cell_type": "code", "source": [\n  "a = 1\\n",\n  "b = \\"‸\\"\\n",\n  "c"\n]}], "metadata": {}}',
    ),
}
typed = st.text(st.sampled_from("ab \t\n\"'`\\{}$<>/?&;😋\u0301é-0"), max_size=12)


def read(language: str, text: str, offset: int) -> Region | None:
    return region_at(SyntaxTree(language, text), offset)


def dedented(text: str) -> list[str]:
    """Lines without their indentation and blank ends: a new line may be indented less than all before."""
    return [line.strip() for line in text.split("\n")]


@pytest.mark.parametrize("name", HOSTS)
@given(said=typed, replaced=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_what_is_said_is_read_back(name: str, said: str, replaced: int) -> None:
    language, marked = HOSTS[name]
    text, offset = split_cursor(marked)
    region = read(language, text, offset)
    assert region is not None
    place = region.inside(offset)
    assert place is not None
    spoken = region.spoken(said, place, replaced)
    if spoken is None:
        return
    new, right = spoken
    assert 0 <= right <= region.end - offset
    after = text[:offset] + new + text[offset + right :]
    again = read(language, after, offset)
    assert again is not None
    assert (again.start, again.end) == (region.start, region.end + len(new) - right)
    assert again.language == region.language
    assert dedented(again.text) == dedented(region.text[:place] + said + region.text[place + replaced :])


@pytest.mark.parametrize("name", HOSTS)
def test_plain_words_can_be_said_everywhere(name: str) -> None:
    language, marked = HOSTS[name]
    text, offset = split_cursor(marked)
    region = read(language, text, offset)
    assert region is not None
    place = region.inside(offset)
    assert place is not None
    assert region.spoken("a b", place, 0) == ("a b", 0)


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_are_the_same_both_ways(name: str, newline: str) -> None:
    language, marked = HOSTS[name]
    text, _ = split_cursor(marked)
    text = text.replace("\n", newline)
    for offset in range(len(text) + 1):
        region = read(language, text, offset)
        place = region.inside(offset) if region is not None else None
        if region is not None and place is not None:
            assert region.outside(place) == offset
            assert "\r" not in region.text


SCRAPS = (
    "<script>", "</script>", "<style", ">", "```", "go", "\n", "\r\n", "\t", "  ", "db.query(", "`", '"', "'", "\\",
    "SELECT a FROM b", "${", "}", "{{", "😋", "e\u0301", "<?php", "?>", "---", '{"cells": [{', '"source": [', "f", ")",
)  # fmt: skip
scraps = st.lists(st.sampled_from(SCRAPS), max_size=14).map("".join)
hosts = st.sampled_from(
    ["html", "vue", "svelte", "astro", "php", "markdown", "python", "go", "typescriptreact", "ipynb"]
)


@given(hosts, scraps, scraps, scraps)
@settings(max_examples=300, deadline=None)
def test_broken_documents_raise_nothing(language: str, left: str, right: str, said: str) -> None:
    text, offset = left + right, len(left)
    tree = SyntaxTree(language, text)
    for region in (region_at(tree, offset), *regions(tree)):
        if region is None:
            continue
        assert 0 <= region.start <= region.end <= len(text)
        place = region.inside(offset)
        assert place is None or 0 <= place <= len(region.text)
        spoken = region.spoken(said, place, 0) if place is not None else None
        assert spoken is None or spoken[1] == 0
