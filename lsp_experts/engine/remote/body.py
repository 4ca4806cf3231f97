"""The body of a request to `/completions`, with what each engine can do beyond OpenAI's interface. Pure.

Sources: llama.cpp tools/server/README.md; vLLM vllm/entrypoints/openai/completion/protocol.py; Ollama
docs.ollama.com/api/openai-compatibility and TGI router/src/lib.rs `CompletionRequest`, where neither knows log
probabilities; OpenAI API reference, "Create completion" (at most 5 of them).
"""

from __future__ import annotations

from typing import Any

from lsp_experts.engine.remote.healing import as_grammar, as_regex
from lsp_experts.registry.entry import Remote

_ALTERNATIVES = 5  # likeliest tokens told with each token


def body(remote: Remote, prompt: str, head: str, max_tokens: int) -> dict[str, Any]:
    """Ask for `max_tokens` behind `prompt`, greedily, as a stream that begins with `head` where the engine can."""
    asked: dict[str, Any] = {
        "model": remote.model,
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }
    if remote.server == "llama-server":
        asked |= {"cache_prompt": True, "n_probs": _ALTERNATIVES, "timings_per_token": True}
        if head:
            asked["grammar"] = as_grammar(head)
    elif remote.server == "vllm":
        asked |= {
            "logprobs": _ALTERNATIVES,
            "skip_special_tokens": False,  # else a model that goes on to the next file is not seen doing so
            "repetition_penalty": 1.0,  # a model's generation_config.json may set another
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},  # streams are closed early
        }
        if head:
            asked["structured_outputs"] = {"regex": as_regex(head)}
    elif remote.server == "openai":
        asked["logprobs"] = _ALTERNATIVES
    return asked
