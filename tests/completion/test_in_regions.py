"""In a region of another language its own expert answers, with the region's text, as the document spells it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from completion.completer_stand import HTML, open_stand, says, view

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.asking import Asked
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.speaking import spoken
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.settings import Settings

PAGE = ("<html>\n<style>\n  b { color: red }\n</style>\n<script>\n", "</script>\n</html>\n")
ADD = "  function add(a, b) {\n    ret‸\n  }\n"
CALM = Settings(preload=False, debounce="off", speculate=False)
MARKDOWN, PYTHON = ("file:///w/a.md", "markdown"), ("file:///w/a.py", "python")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("document", "marked", "expert", "text"),
    [
        (HTML, ADD.join(PAGE), "javascript-carved", "urn a + b;"),
        (HTML, PAGE[0] + PAGE[1].replace("</html>", "<‸\n</html>"), "html-carved", "b>bold</b>"),
        (HTML, PAGE[0].replace("red", "red; ma‸") + PAGE[1], "css-carved", "rgin: 0"),
        (HTML, ADD.join(PAGE).replace("\n", "\r\n"), "javascript-carved", "urn a + b;"),
        (MARKDOWN, "# Title\n\n```go\nfunc main() {\n\tre‸\n}\n```\n", "go-carved", "turn"),
        (PYTHON, 'def find(db):\n    db.execute("SELECT * FR‸")\n', "sql-carved", "OM users"),
    ],
)
async def test_the_expert_of_the_region_answers(
    monkeypatch: pytest.MonkeyPatch, document: tuple[str, str], marked: str, expert: str, text: str
) -> None:
    said = {"javascript-carved": "return a + b;", "html-carved": "<b>bold</b>", "css-carved": "margin: 0",
            "go-carved": "return", "sql-carved": "FROM users"}  # fmt: skip
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says(said))
    async with open_stand(*said, "python-carved", settings=CALM) as stand:
        answer = await stand.answered(document, marked)
        assert isinstance(answer, Suggestion), answer
        assert (answer.expert, answer.text) == (expert, text)
        assert answer.language == expert.removesuffix("-carved")


@pytest.mark.asyncio
async def test_the_prompt_holds_the_region_without_its_indentation_and_nothing_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "return a + b;")
    async with open_stand("javascript-carved", "html-carved", settings=CALM) as stand:
        await stand.answered(HTML, ADD.join(PAGE))
        prompt = "".join(segment.text for segment in stand.engine.asked[-1].segments if not segment.control)
        assert "function add(a, b) {\n  ret" in prompt
        assert "<style>" not in prompt
        assert "</script>" not in prompt


@pytest.mark.asyncio
async def test_lines_that_are_added_get_the_indentation_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "if (a) {\n    b();\n  }")
    async with open_stand("javascript-carved", settings=CALM) as stand:
        answer = await stand.answered(HTML, "<script>\n  function f(a) {\n    ‸\n  }\n</script>\n")
        assert isinstance(answer, Suggestion), answer
        assert answer.text == "if (a) {\n      b();\n    }"


@pytest.mark.parametrize(
    ("marked", "texts", "said"),
    [
        ('db.execute("SELECT ‸")', ("a\nb",), None),
        ('db.execute("SELECT ‸")', ("a\nb", "a, b"), ("a, b",)),
        ('db.execute("SELECT ‸")', ('a, "b"',), ('a, \\"b\\"',)),
        ('db.execute("""\r\n  SELECT a‸\r\n""")', ("\nFROM b",), ("\r\n  FROM b",)),
    ],
)
def test_what_a_region_cannot_say_is_left_out(
    marked: str, texts: tuple[str, ...], said: tuple[str, ...] | None
) -> None:
    shown, offset = view(PYTHON, marked)
    documents = OpenDocuments(DocumentLanguages(load_catalogue(default_paths()), lambda: ()))
    spot = documents.spot(shown, offset, regions=True)
    assert spot is not None
    asked = Asked(spot.session, spot.session.view, spot.offset, 0, Settings(), spot.host, shown, region=spot.region)
    first, *others = [Suggestion(text, 0, "sql", "expert") for text in texts]
    found = spoken(replace(first, others=tuple(others)), asked)
    if said is None:
        assert isinstance(found, Silence)
        assert found.reason == "cannot be said here"
    else:
        assert isinstance(found, Suggestion)
        assert tuple(each.text for each in (found, *found.others)) == said


@pytest.mark.asyncio
async def test_regions_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "return a + b;")
    settings = Settings(preload=False, debounce="off", speculate=False, regions=False)
    async with open_stand("javascript-carved", "html-carved", settings=settings) as stand:
        answer = await stand.answered(HTML, ADD.join(PAGE))
        assert isinstance(answer, Suggestion), answer
        assert answer.expert == "html-carved"


@pytest.mark.asyncio
async def test_a_move_into_a_region_makes_its_expert_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "x")
    async with open_stand("javascript-carved", "html-carved", settings=Settings(predict=False)) as stand:
        shown, _ = view(HTML, ADD.join(PAGE))
        stand.completer.opened(shown)
        await stand.until(lambda: stand.state("html-carved") == "HOT")
        await stand.ask(HTML, ADD.join(PAGE))
        await stand.until(lambda: stand.state("javascript-carved") == "HOT")
        focused = stand.completer.status()["focused"]
        assert (focused["language"], focused["uri"], focused["region"]) == ("javascript", HTML[0], "script:0")
