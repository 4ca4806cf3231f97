"""Several suggestions for one place, where the user asks by hand."""

from __future__ import annotations

import json

import pytest
from completion.completer_stand import GO, open_stand, view

from lsp_experts.completion.answer import Suggestion
from lsp_experts.settings import Settings


@pytest.mark.asyncio
async def test_a_limit_leaves_whole_lines_of_every_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    choices = ["a = b\n\tc = d\n\te = f\n\tg = h", "i = j\n\tk = l\n\tm = n\n\to = p"]
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", json.dumps({"go-carved": choices}))
    settings = Settings(preload=False, warm=False, speculate=False, max_tokens=8)
    async with open_stand("go-carved", settings=settings) as stand:
        await stand.hot("go-carved")
        shown, offset = view(GO, "func f() {\n\t‸\n}\n")
        best = await stand.completer.complete(shown, offset, manual=True)
        assert isinstance(best, Suggestion), best
        texts = [each.text for each in (best, *best.others)]
        assert len(texts) == 2
        for said, text in zip(choices, texts, strict=True):
            assert text != said and said.startswith(text + "\n"), text
