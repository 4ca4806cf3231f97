"""The control tokens of a base, by its own ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.errors import AdaptError
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.tiny_gguf import SPECIALS, vocabulary, write_tiny_gguf
from lsp_experts.lab.training.base_spelling import base_spelling


def test_the_ids_of_a_template(tmp_path: Path) -> None:
    tokens, _, _ = vocabulary()
    with GgufFile(write_tiny_gguf(tmp_path / "tiny.gguf")) as file:
        spelling = base_spelling(file, TEMPLATES["qwen"])
        assert base_spelling(file, None).controls == {}
    assert {text: tokens[number] for text, number in spelling.controls.items()} == {
        text: text for text in SPECIALS if text in TEMPLATES["qwen"].controls
    }
    assert len(spelling.controls) == 3 and tokens[spelling.end] == "<|endoftext|>"


def test_a_control_text_that_it_does_not_know(tmp_path: Path) -> None:
    odd = replace(TEMPLATES["qwen"], middle="<|odd|>")
    with (
        GgufFile(write_tiny_gguf(tmp_path / "tiny.gguf")) as file,
        pytest.raises(AdaptError, match=r"has no token '<\|odd\|>'"),
    ):
        base_spelling(file, odd)
