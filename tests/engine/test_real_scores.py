"""The real engine's scores against its logits: the numbers, the borders of decodes, what is decoded, aborts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine.real import StartEngine, disturb, load, prompt

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.protocol import Logits, Score, Segment, TextScore, Tokenize
from lsp_experts.engine.worker.scoring import starts
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

HEAD = prompt("\treturn ", "f(")
SURE = 2e-3  # nats. Over 64 tokens a decode rounds this model's logits by 0.03 otherwise: prompts here are shorter


@pytest.fixture(scope="session")
def letters_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose tokens are bytes, so that any beginning of a text has the text's first tokens."""
    return write_tiny_gguf(tmp_path_factory.mktemp("letters") / "letters.gguf", letters=True)


async def check_numbers(client: EngineClient, segments: tuple[Segment, ...], text: str, score: TextScore) -> None:
    """At each token that begins a character, `score` is what the softmax of the logits there says."""
    (tokens,) = await client.tokenize(Tokenize("tiny", (text,))).result()
    checked = 0
    for at, token in enumerate(tokens):
        start = score.starts[at]
        if (at and score.starts[at - 1] == start) or not (segments or start):
            continue
        before = (*segments, Segment(text[:start])) if start else segments
        logits = np.array(await client.logits(Logits("tiny", before)).result(), np.float64)
        logs = logits - logits.max()
        logs -= np.log(np.exp(logs).sum())
        assert score.log_probabilities[at] == pytest.approx(logs[token], abs=SURE)
        assert score.best_log_probabilities[at] == pytest.approx(logs.max(), abs=SURE)
        assert score.entropies[at] == pytest.approx(-(np.exp(logs) * logs).sum(), abs=SURE)
        checked += 1
    assert checked >= len(text) - 1


@pytest.mark.asyncio
@pytest.mark.parametrize("segments", [HEAD, (Segment("<|fim_middle|>", True),), ()], ids=["FIM", "control", "nothing"])
@pytest.mark.parametrize("text", ["if err != nil {\n\treturn err\n}\n", "x = 'ä日🎉e\u0301'\r\n", "<|endoftext|>"])
async def test_scores_are_the_softmax_of_the_logits(
    start_engine: StartEngine, letters_gguf: Path, segments: tuple[Segment, ...], text: str
) -> None:
    client = await start_engine(kind="real")
    await load(client, letters_gguf)
    (score,) = (await client.score(Score("tiny", segments, (text,))).result()).scores
    await check_numbers(client, segments, text, score)


@pytest.mark.asyncio
async def test_no_border_between_decodes_is_seen(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """A text alone and in company, ending on either side of a decode's border."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    text = "0123456789" * 5
    whole = (await client.score(Score("tiny", HEAD, (text,))).result()).scores[0].log_probabilities
    assert len(whole) == 50
    ends = (1, 2, 15, 16, 17, 18, 31, 32, 33, 34, 49)
    together = await client.score(Score("tiny", HEAD, tuple(text[:end] for end in ends))).result()
    for end, score in zip(ends, together.scores, strict=True):
        alone = (await client.score(Score("tiny", HEAD, (text[:end],))).result()).scores[0]
        assert score.log_probabilities == together.scores[-1].log_probabilities[:end]
        for one in (score, alone):
            assert one.log_probabilities == pytest.approx(whole[:end], abs=SURE)


@pytest.mark.asyncio
async def test_what_texts_share_is_decoded_once(start_engine: StartEngine, letters_gguf: Path) -> None:
    """In whatever order they come; of a text's last token nothing is asked, so it is not decoded."""
    client = await start_engine(kind="real")
    await load(client, letters_gguf)
    for texts, more in [
        (("x", "y", "z"), 0),
        (("return err", "import x", "return nil", "return err"), len("return er") + len("import ") + len("ni")),
        (("abc", "a", "ab", "abcd", "abd"), len("abc")),
        (("", ""), 0),
    ]:
        before = client.work
        report = await client.score(Score("tiny", HEAD, texts)).result()
        assert client.work.prompt_tokens - before.prompt_tokens == report.prompt_tokens
        assert client.work.decoded_tokens - before.decoded_tokens == report.prompt_tokens + more


@pytest.mark.asyncio
async def test_a_text_may_fill_the_context_to_its_end(start_engine: StartEngine, letters_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, letters_gguf)
    report = await client.score(Score("tiny", (Segment("ab"),), ("x" * 510, "y" * 510))).result()
    assert [len(score.starts) for score in report.scores] == [510, 510]


@pytest.mark.parametrize(
    ("text", "pieces", "expected"),
    [
        ("return err", [b"return", b" err"], (0, 6)),
        ("日本", [b"\xe6\x97", b"\xa5\xe6", b"\x9c\xac"], (0, 0, 1)),
        ("é🎉x", [b"\xc3", b"\xa9", b"\xf0\x9f", b"\x8e\x89", b"x"], (0, 0, 1, 1, 2)),
        ("ab", [b" a", b"b"], (0, 1)),  # a tokeniser that puts a blank before every text
        ("a\ud800b", [b"a", b"?", b"b"], (0, 1, 2)),
        ("", [], ()),
    ],
)
def test_where_tokens_start(text: str, pieces: list[bytes], expected: tuple[int, ...]) -> None:
    assert starts(text, pieces) == expected


def test_an_abort_or_an_interruption_of_a_score_leaves_a_true_mirror(tiny_gguf: Path) -> None:
    seen = disturb("scores", tiny_gguf)
    assert min(seen.values()) > 5
