"""How fast engines compute: what GPUs were measured to do, each figure with its public source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lsp_experts.errors import UsageError


@dataclass(frozen=True)
class EngineRates:
    """What one step of an engine with continuous batching costs.

    A step reads the weights once (`step_s`), and takes `token_s` more for each request that gets a token, and
    1 / `prompt_tokens_per_s` for each prompt token. llama.cpp's server and vLLM both work so: one batch of prompt
    tokens and of one token for each answer in the making.
    """

    prompt_tokens_per_s: float
    step_s: float
    token_s: float

    def step(self, prompt_tokens: int, answers: int) -> float:
        """Seconds of a step that reads `prompt_tokens` and writes one token of `answers` answers."""
        return self.step_s + answers * self.token_s + prompt_tokens / self.prompt_tokens_per_s


def engine_rates(prompt_tokens_per_s: float, few: tuple[int, float], many: tuple[int, float]) -> EngineRates:
    """The rates that were measured: tokens/s of prompts, and (answers at once, their tokens/s together) twice.

    UsageError for rates that are none, or that grow faster than the answers.
    """
    (fewer, slow), (more, fast) = few, many
    if not (min(prompt_tokens_per_s, slow, fast) > 0 and 0 < fewer < more):
        raise UsageError("Those are no rates.", remedy="Tokens per second, above 0, and more than one answer at once.")
    token_s = (more / fast - fewer / slow) / (more - fewer)
    step_s = fewer / slow - fewer * token_s
    if token_s < 0 or step_s < 0:
        problem = f"{fast:g} tokens/s of {more} answers do not fit {slow:g} tokens/s of {fewer}"
        raise UsageError(f"{problem}.", remedy="`llama-batched-bench` measures both (S_TG).")
    return EngineRates(prompt_tokens_per_s, step_s, token_s)


@dataclass(frozen=True)
class Gpu:
    """A GPU with a model on it. `kept_tokens`: of prompts, whose KV its memory holds beside the weights."""

    name: str
    model: str
    rates: EngineRates
    kept_tokens: int
    source: str


# Tokens kept: memory in bytes, less the weights and 2 GB, over the KV bytes of a token in F16, which are 2 (K and V) *
# 2 bytes * layers * KV heads * head size by the models' published configurations.
_QWEN_7B_KV, _LLAMA_8B_KV, _GEMMA_4B_KV = 2 * 2 * 28 * 4 * 128, 2 * 2 * 32 * 8 * 128, 2 * 2 * 34 * 4 * 256
GPUS: Mapping[str, Gpu] = MappingProxyType(
    {
        "rtx-4090": Gpu(
            "NVIDIA RTX 4090, 24 GB",
            "Llama 3 8B Q4_0",
            engine_rates(10_358.75, (16, 1937.21), (32, 3427.61)),
            int((24e9 - 4.7e9 - 2e9) / _LLAMA_8B_KV),
            "github.com/ggml-org/llama.cpp/pull/7676: pp512 by micro-batches of 512, 16 and 32 tokens",
        ),
        "gb10": Gpu(
            "NVIDIA GB10 (DGX Spark), 128 GB",
            "Qwen2.5-Coder 7B Q8_0",
            engine_rates(2355.21, (1, 29.24), (32, 593.27)),
            int((128e9 - 8.1e9 - 2e9) / _QWEN_7B_KV),
            "github.com/ggml-org/llama.cpp, benches/dgx-spark: llama-batched-bench, prompts of 512 tokens",
        ),
        "m2-ultra": Gpu(
            "Apple M2 Ultra, 192 GB",
            "Gemma 3 4B Q8_0",
            engine_rates(2659.82, (1, 97.86), (4, 269.05)),
            int((192e9 - 4.1e9 - 2e9) / _GEMMA_4B_KV),
            "github.com/ggml-org/llama.cpp/pull/15916: llama-batched-bench, prompts of 512 tokens",
        ),
    }
)
