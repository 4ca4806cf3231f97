"""A GGUF of a few hundred kilobytes with random weights: the real engine, tested in seconds.

Byte-level BPE with a few merges and FIM tokens, architecture qwen2. The same arguments give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

SPECIALS = (
    "<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>",
    "<|file_sep|>",
)  # fmt: skip
_WORDS = (
    "return", "func", "package", "main", "import", "    ", "the", "div", "class", "href", "span", "html", "body", "def",
    "if", "else", "for", "in", "range", "print", "err", "nil", "string", "int", "style", "width", "color", "add",
)  # fmt: skip


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, extra = {}, 0
    for byte in range(256):
        letters[byte] = chr(byte) if byte in plain else chr(256 + extra)
        extra += byte not in plain
    return [letters[byte] for byte in range(256)]


def vocabulary(fim: bool = True, words: tuple[str, ...] = _WORDS) -> tuple[list[str], list[int], list[str]]:
    """(tokens, token types, merges)."""
    letters = byte_letters()
    tokens, merges = list(letters), []
    for word in words:
        for form in (word, " " + word) if word.strip() else (word,):
            spelled = "".join(letters[byte] for byte in form.encode())
            built = spelled[0]
            for letter in spelled[1:]:
                merge = f"{built} {letter}"
                built += letter
                if built not in tokens:
                    tokens.append(built)
                    merges.append(merge)
    specials = SPECIALS if fim else SPECIALS[:1]
    return [*tokens, *specials], [1] * len(tokens) + [3] * len(specials), merges


def write_tiny_gguf(
    path: Path, *, seed: int = 7, tied: bool = False, quantised: bool = False, fim: bool = True, n_ctx: int = 512,
    n_ff: int = 64, letters: bool = False, architecture: str = "qwen2", n_head_kv: int = 2,
) -> Path:  # fmt: skip
    """Write the model to `path`. `quantised`: the vocabulary tables as Q8_0, as in real files. `n_ff`: its width.

    `architecture`: qwen2, or llama, which has no biases.

    `letters`: its tokens are bytes, and it says printable ASCII only: a text is tokenised as it was said.
    """
    tokens, types, merges = vocabulary(fim, ("    ",) if letters else _WORDS)
    n_embd, n_layer, n_head = 32, 2, 2
    n_kv = n_embd // n_head * n_head_kv
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(n_embd)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(n_ff)
    writer.add_head_count(n_head)
    writer.add_head_count_kv(n_head_kv)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    end = tokens.index("<|endoftext|>")
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_array("lsp_experts.test_array", [3, 1, 2])

    def random(*shape: int, scale: float = 0.4) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    def table(name: str) -> None:
        data = random(len(tokens), n_embd, scale=1.0)
        if letters and name == "output.weight":
            data[:33] = data[126:] = 0
        else:
            data[:256] *= 0.4  # it should rather say words than bytes
        if quantised:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, data)

    table("token_embd.weight")
    writer.add_tensor("output_norm.weight", np.ones(n_embd, np.float32))
    if not tied:
        table("output.weight")
    for layer in range(n_layer):
        for name, shape in {
            "attn_q": (n_embd, n_embd), "attn_k": (n_kv, n_embd), "attn_v": (n_kv, n_embd),
            "attn_output": (n_embd, n_embd), "ffn_gate": (n_ff, n_embd), "ffn_up": (n_ff, n_embd),
            "ffn_down": (n_embd, n_ff),
        }.items():  # fmt: skip
            writer.add_tensor(f"blk.{layer}.{name}.weight", random(*shape))
        for name, n_out in {"attn_q": n_embd, "attn_k": n_kv, "attn_v": n_kv}.items():
            if architecture == "qwen2":
                writer.add_tensor(f"blk.{layer}.{name}.bias", np.zeros(n_out, np.float32))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(n_embd, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
