"""Whatever is typed, wherever, and whatever a model says: an answer comes, and it touches nothing but its range."""

from __future__ import annotations

import random

import pytest
from completion.completer_stand import Stand, open_stand

from lsp_experts.completion import asking
from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.completer import Completer
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.silence import Silence
from lsp_experts.routing.languages import syntax_of
from lsp_experts.routing.regions import Region, region_at
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree

EXPERTS = ("html-carved", "javascript-carved", "css-carved", "python-carved", "go-carved", "sql-carved", "php-carved")
DOCUMENTS = {
    "html": (
        "a.html",
        '<p style="color: red">é</p>\n<script>\n  let a = f("&amp;");\n  b\n</script>\n'
        "<style>\n\tb { c: d }\n</style>\n",
    ),
    "vue": (
        "a.vue",
        '<template>\n  <p :a="b + &quot;c&quot;" @d="e()">{{ f }}</p>\n</template>\n<script>\nlet f\n</script>',
    ),
    "markdown": (
        "a.md",
        "# A\n\n```go\nx := y\n```\n\n> ```js\n> a()\n> ```\n\n- b\n\n  ```html\n  <script>c</script>\n  ```\n",
    ),
    "python": (
        "a.py",
        'def f(db):\n\tdb.execute("SELECT a, \\"b\\" FROM c")\n        g(\n\n@h\nclass I:\n    """😋"""\n',
    ),
    "go": (
        "a.go",
        'package a\n\nfunc f() {\n\tdb.Query(`SELECT a\n\t\tFROM b`)\n\tdb.Query("SELECT \\"c\\" FROM d")\n}\n',
    ),
    "php": (
        "a.php",
        "<h1>a</h1>\n<?php if (b($c)): ?>\n  <p><?= $d ?></p>\n<?php endif; ?>\n<script>\n e\n</script>\n",
    ),
    "json": (
        "a.ipynb",
        '{"cells": [{"cell_type": "code", "source": [\n  "a = 1\\n",\n  "b = \\"\\u00e9\\""\n]}], "metadata": {}}',
    ),
    "plaintext": ("a.txt", "Some words, then\n\n\tothers.\n"),
    "no-such-language": ("untitled:1", "#!/usr/bin/env python\nimport a\n"),
}
SCRAPS = (
    "a", "foo(", ")", "]", "}", "{", "(", "[", '"', "'", "`", "\\", "\\n", "\n", "\n\n", "\t", "    ", "\r\n", "\r",
    " ", ";", ":", ",", "</script>", "<script>", "</style>", "```", "{{", "}}", "<?php ", "?>", "${", "&amp;", "&",
    "<!--", "\n  b = c", "return x", "\n\treturn", '"""', "SELECT a FROM b", "db.execute(", "😋", "e\u0301", "\ufffd",
    "\u2028", "\x0c", "\u200b", "//", "#",
)  # fmt: skip


def scraps(dice: random.Random, most: int) -> str:
    return "".join(dice.choices(SCRAPS, k=dice.randint(0, most)))


def edited(dice: random.Random, text: str) -> str:
    """`text` after a keystroke, a paste, a deletion, or with other line ends."""
    start = dice.randint(0, len(text))
    end = min(len(text), start + dice.choice((0, 0, 0, 1, 3, 30)))
    text = text[:start] + scraps(dice, dice.choice((1, 1, 4))) + text[end:]
    kind = dice.random()
    if kind < 0.05:
        return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return dice.choice(("", " \n\t", text * 2)) if kind > 0.97 else text


def cursor_in(dice: random.Random, text: str) -> int:
    """An offset that a client can name: never within a line break."""
    offset = dice.choice((0, len(text), dice.randint(0, len(text)), dice.randint(0, len(text))))
    return offset - (text[offset - 1 : offset + 1] == "\r\n")


def check(completer: Completer, view: DocumentView, offset: int, answer: Suggestion | Silence) -> None:
    """The ranges of an answer are right, and what was said in a region of a sound document is in that region."""
    if isinstance(answer, Silence):
        return
    cursor = Cursor(view.text, offset)
    tree = SyntaxTree(syntax_of(view.uri, view.language, completer._catalogue), view.text)
    region = region_at(tree, offset)
    for each in (answer, *answer.others):
        assert each.text.strip()
        assert 0 <= each.replace_right <= len(cursor.after)
        after = view.text[:offset] + each.text + view.text[offset + each.replace_right :]
        if region is None or tree.root is None or tree.root.has_error:
            continue
        first = offset + len(each.text) - len(each.text.lstrip())  # a page of PHP begins with what is not blank
        said = (first, offset + len(each.text.rstrip()))
        again = [region_at(SyntaxTree(tree.language, after), at) for at in said]
        if region.language == "sql" and again == [None, None]:
            continue  # known by its content: the string may not look like it any more
        assert any(holds(found, *said) for found in again), (view, offset, each, again)


def holds(region: Region | None, start: int, end: int) -> bool:
    """Whether a stretch of the document is in a region, or in the one round it."""
    return region is not None and ((region.start <= start and end <= region.end) or holds(region.within, start, end))


async def play(stand: Stand, dice: random.Random, rounds: int) -> int:
    """Random edits, requests and accepted suggestions; how many suggestions came."""
    completer, suggested = stand.completer, 0
    language = dice.choice(list(DOCUMENTS))
    name, text = DOCUMENTS[language]
    for version in range(rounds):
        if dice.random() < 0.1:
            language = dice.choice(list(DOCUMENTS))
            name, text = DOCUMENTS[language]
        text = edited(dice, text)[:3000]
        view = DocumentView(name if ":" in name else f"file:///w/{name}", language, version, text)
        dice.choice((completer.changed, completer.changed, completer.opened, completer.focused))(view)
        offset = cursor_in(dice, text)
        answer = await completer.complete(view, offset, manual=dice.random() < 0.3)
        assert isinstance(answer, Suggestion | Silence)
        check(completer, view, offset, answer)
        if isinstance(answer, Suggestion):
            suggested += 1
            completer.shown(view.uri, answer)
            if dice.random() < 0.5:
                text = text[:offset] + answer.text + text[offset + answer.replace_right :]
        if dice.random() < 0.05:
            completer.closed(view.uri)
    return suggested


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(4))
async def test_any_typing_anywhere(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(asking, "whole_lines", lambda report: scraps(dice, 6))
    async with open_stand(*EXPERTS, settings=Settings(preload=False, predict=False, warm=False)) as stand:
        await stand.hot(*EXPERTS)
        assert await play(stand, dice, 120) > 20
