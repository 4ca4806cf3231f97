"""Functions, documentation and names of odd and broken texts: nothing is raised, and every place is one of the text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from syntax.function_samples import SAMPLES

from lsp_experts.syntax import functions as a_real_file
from lsp_experts.syntax.documentation import convention
from lsp_experts.syntax.functions import Function, function_at, functions
from lsp_experts.syntax.names import MAX_NAMES, attributes_at, names_at
from lsp_experts.syntax.tree import SyntaxTree

TEXTS = [*SAMPLES.items(), ("python", Path(a_real_file.__file__).read_text("utf-8")[:4000])]
SCRAPS = ("", "", "\n", "\r\n", "\t", "{", "}", "(", ")", '"', "'", "😀", "def f(", "end", "# x", "/*", ":", "\ud83d")


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, str, int, int]:
    """A text of a language with a cut, something put in there, and a selection."""
    language, text = draw(st.sampled_from(TEXTS))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    start = draw(st.integers(0, len(text)))
    length = draw(st.one_of(st.integers(0, 12), st.just(len(text))))
    text = text[:start] + draw(st.sampled_from(SCRAPS)) + text[start + length :]
    near = st.integers(max(0, start - 30), min(len(text), start + 30))
    first, second = draw(st.one_of(near, st.integers(0, len(text)))), draw(near)
    return language, text, min(first, second), max(first, second)


def assert_sound(text: str, found: Function) -> None:
    assert 0 <= found.outer_start <= found.start <= found.end <= len(text)
    assert found.name and text[found.outer_start : found.start] is not None
    assert not found.indent.strip(" \t")
    if found.body_start < 0:
        assert found.body_end == -1 and found.closes == "" and found.closed and not found.stub
    else:
        assert found.start < found.body_start <= found.body_end <= found.end
        if found.closes and found.closed:
            assert text.startswith(found.closes, found.body_end)
        if found.closes == "}":
            assert text[found.body_start - 1] == "{"
    for parameter in found.parameters:
        assert found.start <= parameter.start < parameter.end <= found.end
        assert parameter.name in text[parameter.start : parameter.end]
        assert parameter.type_at == -1 or parameter.start <= parameter.type_at <= parameter.end
    assert found.return_at == -1 or found.start < found.return_at <= found.end
    if found.documentation is not None:
        first, last = found.documentation
        assert found.outer_start <= first < last <= found.end
        assert last <= found.start or found.body_start <= first < last <= found.body_end
        assert text[first:last].strip()


@given(broken())
@settings(max_examples=300, deadline=None)
def test_every_part_is_in_its_text(case: tuple[str, str, int, int]) -> None:
    language, text, start, end = case
    tree = SyntaxTree(language, text)
    for function in functions(tree):
        assert_sound(text, function)
    for place in ((start, end), (start, start), (end, end)):
        found = function_at(tree, *place)
        if found is not None:
            assert_sound(text, found)
            assert found.outer_start <= place[1]
            assert not text[max(found.end, place[0]) : place[1]].strip()
    said = convention(tree)
    assert said is None or (said.kind == "line") == (not said.opening)


@given(broken())
@settings(max_examples=300, deadline=None)
def test_names_are_those_of_the_text(case: tuple[str, str, int, int]) -> None:
    language, text, start, end = case
    tree = SyntaxTree(language, text)
    for offset in {start, end, (start + end) // 2}:
        names, attributes = names_at(tree, offset), attributes_at(tree, offset)
        assert not (names and attributes)
        for found in (names, attributes):
            assert len(found) <= MAX_NAMES
            assert len(set(found)) == len(found)
            assert all(name in text and not name.isspace() for name in found)


@given(st.sampled_from(sorted({language for language, _ in TEXTS})), st.text(max_size=60), st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_any_text_at_all(language: str, text: str, offset: int) -> None:
    tree = SyntaxTree(language, text)
    for function in functions(tree):
        assert_sound(text, function)
    function_at(tree, offset, offset)
    names_at(tree, offset)
    attributes_at(tree, offset)
    convention(tree)
