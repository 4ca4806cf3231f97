"""Which fill-in-the-middle template a model file wants, without loading it: engines elsewhere cannot be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lsp_experts.completion.templates import TEMPLATES, FimTemplate, choose, control_texts
from lsp_experts.engine.protocol import LoadReport
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import CONTROL

_TOKENS, _KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"


def named_template(fim: str) -> FimTemplate | None:
    """The template of that name; None for `none`, left to right."""
    return TEMPLATES.get(fim)


def model_template(fim: str, model: Path) -> FimTemplate | None:
    """The template that the server would use for `model`: the registry's word `fim`, as far as its vocabulary allows.

    CarveError if the file is no GGUF with a vocabulary.
    """
    with GgufFile(model) as file:
        tokens = file.strings(_TOKENS)
        kinds = file.numbers(_KINDS) if _KINDS in file.values else np.full(len(tokens), CONTROL)
    control = {tokens[number] for number in np.flatnonzero(kinds == CONTROL).tolist()}
    known = tuple(text for text in control_texts() if text.encode() in control)
    return choose(fim, LoadReport(0, 0, 0.0, len(tokens), 0, controls=known))
