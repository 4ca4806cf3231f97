"""`bench swap` on tiny models: the whole of it once, its figures' shape and what must hold whatever the machine."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.lab.bench_swap import verdicts
from lsp_experts.lab.bench_swap_budget import SETTLING_SWAPS, Sizes, growth_bytes_per_swap
from lsp_experts.paths import default_paths
from lsp_experts.pool.measured import Figures

KEYS = {
    "rounds", "page_cache_load_ms", "prefill_ms", "unpark_ms", "park_ms", "first_token_after_unpark_ms",
    "adapter_switch_ms", "preloaded_switch_first_suggestion_ms", "same_language_first_suggestion_ms", "swaps",
    "budget_overshoot_pct", "growth_mb_per_50_swaps", "leaked_descriptors", "tokens_decoded_again_on_return",
    "cold_load_ms", "cached_return_ms", "plain_server_switch_ms", "unpark_speedup", "budget_bytes", "experts",
}  # fmt: skip
TRIO = {"go-tiny": {"languages": ["go"]}, "html-tiny": {"languages": ["html"]}, "any-tiny": {"languages": ["*"]}}


@pytest.fixture
def keep_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("keep_signals")
def test_the_whole_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    install(default_paths(), tmp_path, TRIO)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr("lsp_experts.lab.bench_swap_typing.PAUSE_S", 0.0)
    assert main(["bench", "swap", "--rounds", "2", "--swaps", "9", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result.keys() >= KEYS
    assert (result["rounds"], result["swaps"], set(result["experts"])) == (2, 9, set(TRIO))
    assert all(result[key] > 0 for key in KEYS if key.endswith("_ms"))
    assert result["budget_overshoot_pct"] <= 5
    assert sum(result["swaps_by"].values()) == 9 and result["samples"] > 9
    assert (result["leaked_descriptors"], result["zombies"]) == (0, 0)
    assert 0 < result["tokens_decoded_again_on_return"] <= 32 < result["prompt_tokens"]
    assert result["tokens_after_unpark"] <= 8 and result["tokens_after_cached_return"] <= 8
    hot, parked = result["experts"]["go-tiny"]["hot_bytes"], result["experts"]["go-tiny"]["parked_bytes"]
    assert 0 <= parked < hot < result["budget_bytes"]
    assert 0 <= result["abort_ms"] <= result["worst_abort_ms"] and len(verdicts(result)) == 7
    assert list(temporary.iterdir()) == []
    assert not psutil.Process().children(recursive=True)


@pytest.mark.usefixtures("keep_signals")
@pytest.mark.parametrize(
    ("arguments", "installed", "words"),
    [
        ((), [], "lsp-experts carve --language go"),
        ((), ["go-tiny", "any-tiny"], "lsp-experts carve --language html"),
        (("--experts", "go-tiny", "html-tiny"), list(TRIO), "3 installed experts are needed"),
        (("--experts", "go-tiny", "html-tiny", "css-carved"), list(TRIO), "css-carved is not installed"),
        (("--rounds", "0"), [], "nothing to measure"),
        (("--swaps", "3"), [], "nothing to measure"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], installed: list[str], words: str
) -> None:
    if installed:
        install(default_paths(), tmp_path, {name: TRIO[name] for name in installed})
    assert main(["bench", "swap", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_growth_compares_each_expert_with_itself() -> None:
    sizes = {"small": 10_000_000, "large": 90_000_000}
    order = ["small", "large", "large"] * 40
    flat = [(name, sizes[name]) for name in order]
    assert growth_bytes_per_swap(flat) == 0
    rising = [(name, size + 1000 * number) for number, (name, size) in enumerate(flat)]
    assert growth_bytes_per_swap(rising) == pytest.approx(1000)
    settling = [(name, size - 10**6 * max(0, SETTLING_SWAPS - number)) for number, (name, size) in enumerate(flat)]
    assert growth_bytes_per_swap(settling) == 0
    assert growth_bytes_per_swap([]) == growth_bytes_per_swap([("small", 5)]) == 0


@pytest.mark.parametrize(
    ("hot", "parked", "budget"),
    [
        ((500, 550, 600), 50, 600 * 5 // 4 + 100),  # the largest and a quarter, two others parked
        ((400, 410, 600), 200, 809),  # never two at once
        ((10, 10, 600), 50, 600),  # but the largest alone in any case
    ],
)
def test_the_budget_is_tight(hot: tuple[int, ...], parked: int, budget: int) -> None:
    figures = {f"e{n}": Figures(resident_bytes=size, parked_bytes=parked) for n, size in enumerate(hot)}
    assert Sizes(7, figures).tight_budget_bytes(list(figures)) == 7 + budget
