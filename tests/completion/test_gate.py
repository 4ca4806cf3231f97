"""How sure is sure enough, and what is left of a text whose later lines are not."""

from __future__ import annotations

import pytest

from lsp_experts.completion.gate import DEFAULT_LEAST, Gates, confident
from lsp_experts.registry.entry import Entry
from lsp_experts.settings import Settings


@pytest.mark.parametrize(
    ("fitted", "setting", "manual", "least"),
    [
        (None, -1.0, False, DEFAULT_LEAST),
        (0.42, -1.0, False, 0.42),
        (0.0, -1.0, False, 0.0),
        (0.42, 0.9, False, 0.9),
        (0.42, 0.0, False, 0.0),
        (0.42, 0.9, True, 0.0),
        (None, -1.0, True, 0.0),
    ],
)
def test_least(fitted: float | None, setting: float, manual: bool, least: float) -> None:
    entry = Entry("go-carved", "carved", ("go",), "MIT", "a test", confidence=fitted)
    assert Gates().least(entry, Settings(confidence=setting), manual=manual) == least


@pytest.mark.parametrize(
    ("text", "probabilities", "kept"),
    [
        ("return x", (0.5,), "return x"),
        ("return x", (0.3,), "return x"),
        ("return x", (0.29,), ""),
        ("a {\n\tb\n}", (0.9, 0.5, 0.4), "a {\n\tb\n}"),
        ("a {\n\tb\n}", (0.9, 0.1, 0.9), "a {"),
        ("a {\n\tb\n}", (0.1, 0.9, 0.9), ""),
        ("a {\n\tb\n}", (0.9, 0.9, 0.1), "a {\n\tb"),
        ("\n\tb\n\tc", (0.9, 0.1, 0.9), ""),
        ("\n\tb\n\tc", (0.9, 0.8, 0.1), "\n\tb"),
        ("a\nb", (0.9,), "a\nb"),
        ("a\nb", (0.1,), ""),
        ("a", (0.9, 0.1), "a"),
        ("a\nb", (), "a\nb"),
        ("", (0.9,), ""),
        ("", (), ""),
        ("é👩‍💻\nb", (0.5, 0.1), "é👩‍💻"),
    ],
)
def test_confident(text: str, probabilities: tuple[float, ...], kept: str) -> None:
    assert confident(text, probabilities, 0.3) == kept


def test_no_gate_keeps_what_has_text() -> None:
    assert confident("a\nb", (0.0, 0.0), 0.0) == "a\nb"
