"""How a base spells what our templates ask for: the ids of its control tokens, out of its own vocabulary."""

from __future__ import annotations

from lsp_experts.completion.templates import FimTemplate
from lsp_experts.errors import AdaptError
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.training.fim_examples import Spelling

# What completions ended with in the training of the base comes before what turns of a chat end with.
_END_TEXTS = (b"<|endoftext|>", b"<|end_of_text|>")
_END_KEY = "tokenizer.ggml.eos_token_id"


def base_spelling(file: GgufFile, template: FimTemplate | None) -> Spelling:
    """The spelling of `template` in the vocabulary of `file`. AdaptError if it has no token for a part of it."""
    ids = {text: number for number, text in enumerate(file.strings("tokenizer.ggml.tokens"))}
    controls = {}
    for text in (template.opening, *template.controls) if template else ():
        if text.strip().encode() in ids:
            controls[text] = ids[text.strip().encode()]
        elif text:
            raise AdaptError(f"{file.path.name} has no token {text!r}.", remedy="Give another base with --base.")
    named = file.number(_END_KEY)
    end = next((ids[text] for text in _END_TEXTS if text in ids), named)
    if end is None:
        raise AdaptError(f"{file.path.name} names no token that ends a text.", remedy="Give another base with --base.")
    return Spelling(template, controls, int(end))
