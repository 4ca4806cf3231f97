from __future__ import annotations

import struct
from pathlib import Path

import pytest

from lsp_experts.engine.protocol import Device
from lsp_experts.pool.devices import CONTEXT_BYTES, DeviceNeed, free_bytes
from lsp_experts.pool.header import Shape, read_shape
from lsp_experts.pool.model import Model
from lsp_experts.pool.prediction import COMPUTE_BYTES, MIB, device_need, predict, predict_resident_bytes

QWEN_HALF = Shape(n_layer=24, n_head_kv=2, head_dim=64, n_vocab=151936)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def number(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def header(*fields: bytes, version: int = 3) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, 0, len(fields)) + b"".join(fields)


NUMBERS = (
    text("general.architecture") + struct.pack("<I", 8) + text("qwen2"),
    number("qwen2.block_count", 24),
    number("qwen2.embedding_length", 896),
    text("qwen2.rope.freq_base") + struct.pack("<If", 6, 1e6),
    text("general.dims") + struct.pack("<IIQ", 9, 4, 2) + struct.pack("<II", 1, 2),
    text("general.languages") + struct.pack("<IIQ", 9, 8, 2) + text("en") + text("de"),
    number("qwen2.attention.head_count", 14),
)
VOCABULARY = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 151936) + text("a")
GROUPED = number("qwen2.attention.head_count_kv", 2)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(header(*NUMBERS, GROUPED, VOCABULARY), QWEN_HALF, id="grouped heads"),
        pytest.param(header(*NUMBERS, VOCABULARY), Shape(24, 14, 64, 151936), id="no head_count_kv: all heads"),
        pytest.param(
            header(*NUMBERS, GROUPED, number("qwen2.attention.key_length", 128), VOCABULARY),
            Shape(24, 2, 128, 151936),
            id="key_length wins",
        ),
        pytest.param(header(*NUMBERS, GROUPED), None, id="no vocabulary"),
        pytest.param(header(VOCABULARY, *NUMBERS), None, id="vocabulary before the numbers"),
        pytest.param(header(number("x.block_count", 2**31), *NUMBERS[2:], VOCABULARY), None, id="absurd number"),
        pytest.param(header(*NUMBERS, GROUPED, VOCABULARY)[:70], None, id="truncated"),
        pytest.param(header(text("x")[:-1] + b"\xff" * 40), None, id="wild string"),
        pytest.param(struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, 2**60), None, id="endless string"),
        pytest.param(header(*NUMBERS, VOCABULARY, version=9), None, id="unknown version"),
        pytest.param(b"\0" * 64, None, id="zeros"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_read_shape(content: bytes, expected: Shape | None, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    assert read_shape(file) == expected


def test_read_shape_of_what_is_no_file(tmp_path: Path) -> None:
    assert read_shape(tmp_path) is None
    assert read_shape(tmp_path / "absent") is None


def test_prediction_with_a_header() -> None:
    model = Model(Path("m"), file_bytes=491_400_064, n_ctx=2048)
    kv = 2048 * 12_288
    assert predict_resident_bytes(model, QWEN_HALF) == 491_400_064 + kv + 151_936 * 350 + COMPUTE_BYTES


def test_extra_buffers_may_copy_all_weights() -> None:
    plain, extra = Model(Path("m"), 100 * MIB), Model(Path("m"), 100 * MIB, use_extra_bufts=True)
    assert predict_resident_bytes(extra, QWEN_HALF) - predict_resident_bytes(plain, QWEN_HALF) == 100 * MIB


@pytest.mark.parametrize(
    ("file_bytes", "shape"),
    [
        pytest.param(491_400_064, QWEN_HALF, id="qwen2.5-coder 0.5b"),
        pytest.param(98_362_432, Shape(30, 3, 64, 49_152), id="smollm2 135m"),
        pytest.param(873_000_000, Shape(24, 16, 128, 32_256), id="deepseek-coder 1.3b, no grouped heads"),
        pytest.param(4_080_000_000, Shape(32, 32, 128, 32_016), id="codellama 7b, no grouped heads"),
    ],
)
def test_without_a_header_the_prediction_is_no_smaller(file_bytes: int, shape: Shape) -> None:
    model = Model(Path("m"), file_bytes)
    assert predict_resident_bytes(model, None) >= predict_resident_bytes(model, shape)


def test_parked_it_keeps_its_vocabulary_and_saved_kv() -> None:
    model = Model(Path("m"), file_bytes=491_400_064, n_ctx=2048)
    figures = predict(model, QWEN_HALF)
    vocabulary = 151_936 * 350
    assert (figures.parked_bytes, figures.parked_weights_bytes) == (vocabulary + 2048 * 12_288, vocabulary)
    assert figures.weights_bytes == 491_400_064 + vocabulary
    assert figures.load_ms == pytest.approx(350, abs=1) and figures.unpark_ms == 30
    small = predict(model, Shape(30, 3, 64, 49_152))
    assert small.load_ms < figures.load_ms / 3, "it is the vocabulary that takes the time"


def test_repacked_weights_stay_when_it_is_parked() -> None:
    figures = predict(Model(Path("m"), 100 * MIB, use_extra_bufts=True), QWEN_HALF)
    assert figures.parked_bytes > 100 * MIB


def test_an_adapter_is_its_own() -> None:
    base, adapted = Model(Path("m"), 100 * MIB), Model(Path("m"), 100 * MIB, adapter=Path("a"), adapter_bytes=9 * MIB)
    more, less = predict(adapted, QWEN_HALF), predict(base, QWEN_HALF)
    assert more.resident_bytes - less.resident_bytes == 9 * MIB
    assert more.weights_bytes == less.weights_bytes


@pytest.mark.parametrize(
    ("layers", "shape", "measured_bytes", "expected"),
    [
        pytest.param(0, QWEN_HALF, 0, None, id="CPU"),
        pytest.param(99, None, 0, None, id="a header that does not tell"),
        pytest.param(99, QWEN_HALF, 0, (25, (240 * MIB + 2048 * 12_288) // 24), id="all layers and the output"),
        pytest.param(5, QWEN_HALF, 0, (5, (240 * MIB + 2048 * 12_288) // 24), id="some"),
        pytest.param(99, QWEN_HALF, COMPUTE_BYTES + 250, (25, 10), id="measured"),
    ],
)
def test_need_of_the_gpu(
    layers: int, shape: Shape | None, measured_bytes: int, expected: tuple[int, int] | None
) -> None:
    need = device_need(Model(Path("m"), 240 * MIB, n_gpu_layers=layers), shape, measured_bytes)
    assert (need and (need.layers, need.bytes_per_layer)) == expected


@pytest.mark.parametrize(
    ("free_mib", "layers"),
    [pytest.param(0, 0), pytest.param(29, 0), pytest.param(30, 1), pytest.param(69, 4), pytest.param(999, 5)],
)
def test_layers_within_free_memory(free_mib: int, layers: int) -> None:
    need = DeviceNeed(5, 10 * MIB, 20 * MIB)
    assert need.layers_within(free_mib * MIB) == layers
    assert need.bytes_for(layers) <= free_mib * MIB


def test_free_memory_of_all_gpus_without_what_the_driver_takes() -> None:
    devices = (Device("a", CONTEXT_BYTES + 5, 10**10), Device("b", 3, 10**10))
    assert free_bytes(devices, in_use=False) == 5
    assert free_bytes(devices, in_use=True) == CONTEXT_BYTES + 8
