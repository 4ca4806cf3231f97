"""Transformers of the qwen2 and llama kinds over frozen weights, with what an adapter adds to each linear weight.

The same sums as llama.cpp's graphs of these architectures (src/models/qwen2.cpp, llama.cpp), in torch, so that they
have gradients.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from lsp_experts.lab.training.model_weights import Shape


class Lora(torch.nn.Module):
    """What an adapter adds: scale B A x. B is 0 at first, so an untrained adapter changes nothing."""

    def __init__(self, n_in: int, n_out: int, rank: int, scale: float) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(rank, n_in) / n_in**0.5)
        self.b = torch.nn.Parameter(torch.zeros(n_out, rank))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """What it adds to the output of its weight."""
        down = functional.linear(x.to(self.a.dtype), self.a)
        return (functional.linear(down, self.b) * self.scale).to(x.dtype)


class AdaptedModel(torch.nn.Module):
    """A base whose weights stay, and a Lora for each of its linear weights."""

    def __init__(self, shape: Shape, weights: Mapping[str, Tensor], rank: int, alpha: float) -> None:
        """`weights` by their GGUF names, all on one device."""
        super().__init__()
        self.shape, self._weights = shape, weights
        device = weights["token_embd.weight"].device
        self.pieces = {
            _key(layer, name): Lora(n_in, n_out, rank, alpha / rank).to(device)
            for layer in range(shape.layers)
            for name, (n_in, n_out) in shape.linear.items()
        }
        self._registered = torch.nn.ModuleDict(self.pieces)  # parameters() and state_dict() find them there

    def forward(self, tokens: Tensor) -> Tensor:
        """The last hidden state, normed, at each place of one sequence: (places, width)."""
        shape, weights = self.shape, self._weights
        cosine, sine = _rotation(shape, len(tokens), tokens.device)
        x = weights["token_embd.weight"][tokens].to(weights["output_norm.weight"].dtype)
        for layer in range(shape.layers):
            x = x + self._attention(layer, self._norm(x, f"blk.{layer}.attn_norm.weight"), cosine, sine)
            x = x + self._feed_forward(layer, self._norm(x, f"blk.{layer}.ffn_norm.weight"))
        return self._norm(x, "output_norm.weight")

    def logits(self, hidden: Tensor) -> Tensor:
        """(places, tokens) from hidden states."""
        table = self._weights["token_embd.weight" if self.shape.tied else "output.weight"]
        return functional.linear(hidden, table).float()

    def _attention(self, layer: int, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        shape = self.shape
        queries, keys, values = (
            self._linear(layer, name, x).view(len(x), -1, shape.head_width).transpose(0, 1)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        queries, keys = (_rotate(one, cosine, sine, shape.rotation) for one in (queries, keys))
        shared = shape.heads // shape.kv_heads
        keys, values = (one.repeat_interleave(shared, dim=0) for one in (keys, values))
        seen = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        return self._linear(layer, "attn_output", seen.transpose(0, 1).reshape(len(x), -1))

    def _feed_forward(self, layer: int, x: Tensor) -> Tensor:
        gate = functional.silu(self._linear(layer, "ffn_gate", x))
        return self._linear(layer, "ffn_down", gate * self._linear(layer, "ffn_up", x))

    def _linear(self, layer: int, name: str, x: Tensor) -> Tensor:
        bias = self._weights.get(f"blk.{layer}.{name}.bias")
        plain = functional.linear(x, self._weights[f"blk.{layer}.{name}.weight"], bias)
        added: Tensor = self.pieces[_key(layer, name)](x)
        return plain + added

    def _norm(self, x: Tensor, name: str) -> Tensor:
        wide = x.float()
        scaled = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.shape.norm_epsilon)
        return scaled.to(x.dtype) * self._weights[name]


def _key(layer: int, name: str) -> str:
    return f"{layer}-{name}"  # a module's name holds no dot


def _rotation(shape: Shape, places: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of each place's angles: (places, head width / 2)."""
    frequencies = shape.rope_base ** (-torch.arange(0, shape.head_width, 2, device=device) / shape.head_width)
    angles = torch.arange(places, device=device)[:, None] * frequencies
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor, rotation: str) -> Tensor:
    """Rotary positions on (heads, places, head width)."""
    cosine, sine = cosine.to(x.dtype), sine.to(x.dtype)
    if rotation == "neox":
        first, second = x.chunk(2, dim=-1)
        return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack((first * cosine - second * sine, second * cosine + first * sine), dim=-1).flatten(-2)
