"""A document is completed by the expert of its domain, from the line on that says so."""

from __future__ import annotations

import pytest
from completion.completer_stand import open_stand, view

from lsp_experts.completion.answer import Suggestion
from lsp_experts.registry.entry import Domain, Entry
from lsp_experts.settings import Settings

PY = ("file:///w/a.py", "python")
TORCH = Entry("torch-expert", "model", ("python",), "MIT", "", fim="qwen", domain=Domain("torch", imports=("torch",)))
CALM = Settings(preload=False, warm=False, speculate=False, reuse_suggestions=False)
BOTH = ("python-carved", "torch-expert")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("installed", "marked", "expert", "reason"),
    [
        (BOTH, "import torch\nx = ‸\n", "torch-expert", "domain:torch"),
        (BOTH, "from torch.nn import Linear\nx = ‸\n", "torch-expert", "domain:torch"),
        (BOTH, "import torchvision\nx = ‸\n", "python-carved", "expert"),
        (BOTH, "x = ‸\n", "python-carved", "expert"),
        (BOTH[:1], "import torch\nx = ‸\n", "python-carved", "expert"),
    ],
)
async def test_who_answers(
    monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], marked: str, expert: str, reason: str
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "1 + 2")
    async with open_stand(*installed, settings=CALM, more=(TORCH,)) as stand:
        await stand.hot(*installed)
        answer = await stand.ask(PY, marked)
        assert isinstance(answer, Suggestion)
        assert (answer.expert, answer.expert_reason) == (expert, reason)


@pytest.mark.asyncio
async def test_an_import_that_is_added_or_taken_out_counts_with_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "1 + 2")
    async with open_stand(*BOTH, settings=CALM, more=(TORCH,)) as stand:
        await stand.hot(*BOTH)
        stand.completer.opened(view(PY, "x = ‸\n")[0])
        answered = []
        for version, marked in enumerate(("x = ‸\n", "import torch\nx = ‸\n", "x = ‸\n"), 2):
            answer = await stand.ask(PY, marked, version)
            assert isinstance(answer, Suggestion)
            answered.append(answer.expert)
        assert answered == ["python-carved", "torch-expert", "python-carved"]
        assert stand.completer.status()["focused"]["experts"][0]["id"] == "python-carved"
