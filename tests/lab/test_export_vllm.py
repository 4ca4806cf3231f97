"""vLLM: our adapters as PEFT folders, and the configuration as vLLM reads it."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import yaml

from lsp_experts.errors import AdaptError, UsageError
from lsp_experts.lab.export.peft_adapter import hugging_face_tensors, peft_folder
from lsp_experts.lab.export.safetensors_file import read_safetensors, safetensors_bytes
from lsp_experts.lab.export.serve_yaml import serve_yaml
from lsp_experts.lab.export.served import Served
from lsp_experts.lab.export.vllm import vllm_files
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.lab.training.adapter_file import read_adapter, write_adapter
from lsp_experts.registry.entry import Entry, HubSource

TINY = Entry("tiny", "model", ("*",), "MIT", "", sources=(HubSource("Somebody/Tiny-0.1B-GGUF", "t.gguf"),))
OTHER = Entry("other", "model", ("sql",), "MIT", "")
CARVED = Entry("go-carved", "carved", ("go",), "MIT", "", base="tiny")
LAYERS = 2


def adapter_entry(name: str) -> Entry:
    return Entry(name, "adapter", (name,), "MIT", "", base="tiny", context=1024)


@pytest.mark.parametrize(("architecture", "kind"), [("qwen2", gguf.MODEL_ARCH.QWEN2), ("llama", gguf.MODEL_ARCH.LLAMA)])
def test_every_weight_has_the_name_that_llama_cpp_would_read_back(
    tmp_path: Path, architecture: str, kind: gguf.MODEL_ARCH
) -> None:
    """By llama.cpp's own table, as its convert_lora_to_gguf.py uses it; A's numbers are the same."""
    base = write_tiny_gguf(tmp_path / "base.gguf", architecture=architecture, n_head_kv=1)
    adapter = write_random_adapter(base, tmp_path / "adapter.gguf", rank=4)
    rank, files = peft_folder(adapter, base, "Somebody/Tiny")
    tensors = read_safetensors(files["adapter_model.safetensors"])
    alpha, pairs = read_adapter(adapter)
    names = gguf.get_tensor_name_map(kind, LAYERS)
    back = {}
    for name, tensor in tensors.items():
        module = name.removeprefix("base_model.model.").replace(".lora_A.weight", "").replace(".lora_B.weight", "")
        found = names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        back.setdefault(found, {})["lora_A" in name] = tensor
    assert set(back) == set(pairs) and len(pairs) == 7 * LAYERS
    for name, (a, b) in pairs.items():
        assert np.array_equal(back[name][True], a)
        dealt = architecture == "llama" and name.split(".")[2] in ("attn_q", "attn_k")
        assert np.array_equal(back[name][False], b) != dealt
    config = json.loads(files["adapter_config.json"])
    assert (rank, config["r"], config["lora_alpha"], config["peft_type"]) == (4, 4, alpha, "LORA")
    assert set(config["target_modules"]) == {name.split(".")[-3] for name in tensors}


def turned(rows: np.ndarray, position: int, neighbours: bool) -> np.ndarray:
    """Rotary positions on one head: pairs are neighbours, as in GGUF's llama, or halves, as in Hugging Face's."""
    half = len(rows) // 2
    angle = position / 10_000 ** (np.arange(half) / half)
    first, second = (rows[0::2], rows[1::2]) if neighbours else (rows[:half], rows[half:])
    new = (first * np.cos(angle) - second * np.sin(angle), first * np.sin(angle) + second * np.cos(angle))
    return np.stack(new, axis=1).ravel() if neighbours else np.concatenate(new)


def test_llama_s_queries_and_keys_meet_the_same_way_in_hugging_face_s_order() -> None:
    random = np.random.default_rng(1)
    width, heads, rank = 8, 2, 3
    a = random.standard_normal((rank, 5)).astype(np.float32)
    pairs = {
        "blk.0.attn_q.weight": (a, random.standard_normal((width * heads, rank)).astype(np.float32)),
        "blk.0.attn_k.weight": (a, random.standard_normal((width, rank)).astype(np.float32)),
    }
    tensors = hugging_face_tensors(pairs, {"attn_q": heads, "attn_k": 1})
    x, y = random.standard_normal((2, 5))

    def meets(queries: np.ndarray, keys: np.ndarray, neighbours: bool) -> list[float]:
        key = turned(keys @ (a @ y), 3, neighbours)
        return [float(turned(q, 11, neighbours) @ key) for q in (queries @ (a @ x)).reshape(heads, width)]

    ours = meets(pairs["blk.0.attn_q.weight"][1], pairs["blk.0.attn_k.weight"][1], neighbours=True)
    name = "base_model.model.model.layers.0.self_attn.{}_proj.lora_B.weight"
    theirs = meets(tensors[name.format("q")], tensors[name.format("k")], neighbours=False)
    assert theirs == pytest.approx(ours, rel=1e-4)


def test_adapters_that_have_no_counterpart_are_refused(tmp_path: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf")
    ones = np.ones((2, 4), np.float32), np.ones((4, 2), np.float32)
    wide = np.ones((3, 4), np.float32), np.ones((4, 3), np.float32)
    odd = write_adapter(tmp_path / "odd.gguf", "qwen2", 2.0, {"output.weight": ones})
    with pytest.raises(AdaptError, match="no name for"):
        peft_folder(odd, base, "x")
    uneven = {"blk.0.attn_q.weight": ones, "blk.0.attn_k.weight": wide}
    with pytest.raises(AdaptError, match="different ranks"):
        peft_folder(write_adapter(tmp_path / "uneven.gguf", "qwen2", 2.0, uneven), base, "x")


def test_safetensors_are_laid_out_as_documented() -> None:
    numbers = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones((1, 1), np.float32)}
    data = safetensors_bytes(numbers)
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    assert (8 + length) % 8 == 0 and head["b"] == {"dtype": "F32", "shape": [2, 3], "data_offsets": [4, 28]}
    assert np.array_equal(np.frombuffer(data[8 + length + 4 :], "<f4"), np.arange(6))
    assert all(np.array_equal(read_safetensors(data)[name], numbers[name]) for name in numbers)


@pytest.mark.parametrize("data", [b"", b"\x05\0\0\0\0\0\0\0{}", safetensors_bytes({"a": np.ones((2, 2))}) + b"more"])
def test_what_is_no_safetensors_is_an_error(data: bytes) -> None:
    with pytest.raises(AdaptError):
        read_safetensors(data)


def served_here(tmp_path: Path) -> list[Served]:
    base = write_tiny_gguf(tmp_path / "base.gguf")
    entries = [adapter_entry("go"), adapter_entry("html")]
    adapters = [
        Served(entry, TINY, base, write_random_adapter(base, tmp_path / f"{entry.id}.gguf", rank=10))
        for entry in entries
    ]
    return [Served(TINY, TINY, base), *adapters, Served(OTHER, OTHER, base), Served(CARVED, CARVED, base)]


def test_one_base_has_an_adapter_for_each_language_and_the_rest_is_named(tmp_path: Path) -> None:
    made = vllm_files(served_here(tmp_path), tmp_path / "out, here")
    options = yaml.safe_load(made.files["vllm.yaml"])
    modules = [json.loads(each) for each in options.pop("lora-modules")]
    assert modules == [
        {"name": name, "path": str(tmp_path / "out, here" / "adapters" / name), "base_model_name": "tiny"}
        for name in ("go", "html")
    ]
    assert options == {
        "model": "Somebody/Tiny-0.1B",
        "served-model-name": ["tiny"],
        "host": "127.0.0.1",
        "port": 8000,
        "max-model-len": 2048,
        "generation-config": "vllm",
        "enable-prefix-caching": True,
        "enable-lora": True,
        "max-loras": 2,
        "max-cpu-loras": 2,
        "max-lora-rank": 16,  # the next that vLLM has after 10
    }
    assert set(made.files) == {"vllm.yaml"} | {
        f"adapters/{name}/adapter_{file}" for name in ("go", "html") for file in ("config.json", "model.safetensors")
    }
    assert {each.expert: each.why[:12] for each in made.left_out} == {
        "other": "one vLLM ser",
        "go-carved": "vLLM serves ",
    }


def test_without_adapters_there_is_no_lora(tmp_path: Path) -> None:
    made = vllm_files(served_here(tmp_path)[:1], tmp_path, "Somebody/Else")
    options = yaml.safe_load(made.files["vllm.yaml"])
    assert options["model"] == "Somebody/Else" and not any("lora" in name for name in options)


def test_a_base_without_known_weights_and_a_lone_carved_expert_are_refused(tmp_path: Path) -> None:
    *_, other, carved = served_here(tmp_path)
    with pytest.raises(UsageError, match=r"No repository of full weights is known for other.*--weights"):
        vllm_files([other], tmp_path)
    with pytest.raises(UsageError, match="Nothing is left for vLLM"):
        vllm_files([carved], tmp_path)


def test_an_adapter_whose_base_is_not_here_is_left_out(tmp_path: Path) -> None:
    base, go, *_ = served_here(tmp_path)
    far = Served(go.entry, TINY, HubSource("Somebody/Tiny-0.1B-GGUF", "t.gguf"), go.adapter)
    made = vllm_files([base, far], tmp_path)
    assert [each.expert for each in made.left_out] == ["go"] and "pull tiny first" in made.left_out[0].why


def test_options_that_vllm_does_not_have_are_refused() -> None:
    for options in ({"prefix-caching": True}, {"port": "8000"}, {"enable-lora": 1}):
        with pytest.raises(UsageError, match="vLLM has no option"):
            serve_yaml(options, "remark")


def test_vllm_s_own_parser_takes_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platforms = pytest.importorskip("vllm.platforms", reason="pip install vllm")
    cpu = pytest.importorskip("vllm.platforms.cpu", reason="pip install vllm")
    monkeypatch.setattr(platforms, "_current_platform", cpu.CpuPlatform())  # no machine without a GPU is refused
    argparse_utils = pytest.importorskip("vllm.utils.argparse_utils", reason="pip install vllm")
    cli_args = pytest.importorskip("vllm.entrypoints.common.cli_args", reason="pip install vllm")
    made = vllm_files(served_here(tmp_path), tmp_path)
    (tmp_path / "vllm.yaml").write_bytes(made.files["vllm.yaml"])
    top = argparse_utils.FlexibleArgumentParser()
    cli_args.make_arg_parser(top.add_subparsers(dest="subparser").add_parser("serve"))
    parsed = top.parse_args(["serve", "--config", str(tmp_path / "vllm.yaml")])
    assert (parsed.model, parsed.max_lora_rank, parsed.port) == ("Somebody/Tiny-0.1B", 16, 8000)
    assert [module.name for module in parsed.lora_modules] == ["go", "html"]
