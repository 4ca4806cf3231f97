"""Fuzzing: files that others made. A registry, and the heads of GGUF files as both readers see them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lsp_experts.errors import CarveError, RegistryError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.faults.registry_mutations import SMALL
from lsp_experts.lab.gguf_file import GgufFile, NewTensor, write_gguf
from lsp_experts.registry import gguf_head
from lsp_experts.registry.catalogue import load_registry, registry_problems

FUZZ = settings(
    derandomize=True, deadline=None, database=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@contextmanager
def holding(data: bytes) -> Iterator[Path]:
    """A file with `data`."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(data)
        yield path


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


def read_registry(data: bytes) -> None:
    """A registry, or an error that names file and place; and both functions agree."""
    with holding(data) as file:
        problems = registry_problems(file)
        try:
            entries = load_registry(file).entries
        except RegistryError as error:
            assert str(file) in str(error) and error.json_path.startswith("$") and error.remedy
            assert [each.json_path for each in problems][:1] == [error.json_path]
        else:
            assert problems == () and all(entry.id == name for name, entry in entries.items())


@FUZZ
@given(st.data(), JSON)
def test_any_value_at_any_place_of_a_registry(data: st.DataObject, value: Any) -> None:
    document = json.loads(json.dumps(SMALL))
    container, key = data.draw(st.sampled_from(places(document)))
    container[key] = value
    read_registry(json.dumps(document).encode())


@FUZZ
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_where_a_registry_belongs(data: bytes) -> None:
    read_registry(data)


def small_gguf(alignment: tuple[int, bytes]) -> bytes:
    """A sound file with values of every form; `alignment` as (type, payload)."""
    values = [
        ("general.architecture", gguf_file.text(b"qwen2")),
        ("general.alignment", alignment),
        ("general.languages", gguf_file.texts([b"en", b"de"])),
        ("tokenizer.ggml.scores", gguf_file.numbers(np.arange(4, dtype="<f4"))),
        ("rope.freq_base", gguf_file.scalar(6, 10_000.0)),
        ("general.type", gguf_file.text(b"adapter")),
    ]
    tensor = NewTensor("blk.0.w", (4, 2), 0, 32, lambda: [bytes(32)])
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.gguf")
        write_gguf(path, values, [tensor])
        return path.read_bytes()


GOOD = small_gguf(gguf_file.scalar(4, 32))
NUMBERS = st.sampled_from([0, 1, 4, 5, 8, 9, 12, 13, 255, 2**20, 2**31, 2**63 - 1, 2**64 - 1])
MUTATED = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 8), NUMBERS.map(lambda one: struct.pack("<Q", one)) | st.binary(max_size=8)),
    min_size=1, max_size=3,
)  # fmt: skip


def mutated(patches: list[tuple[int, bytes]], length: int) -> bytes:
    """The sound file with bytes overwritten at offsets, cut to `length`."""
    data = bytearray(GOOD)
    for at, patch in patches:
        data[at : at + len(patch)] = patch
    return bytes(data[:length])


def read_gguf(data: bytes) -> bool:
    """Read a file by both readers, all of it; whether the whole one took it. Only their own errors come out."""
    try:
        found = list(gguf_head.fields(io.BytesIO(data)))
    except (ValueError, struct.error):
        found = []
    assert all(isinstance(key, str) for key, _ in found)
    with holding(data) as path:
        assert gguf_head.is_adapter(path) in (True, False, None)
        try:
            with GgufFile(path) as file:
                assert all(0 <= value.start <= value.end <= len(data) for value in file.values.values())
                for key in file.values:
                    read_value(file, key)
                for tensor in file.tensors:
                    assert sum(map(len, file.tensor_chunks(tensor))) == tensor.n_bytes
        except CarveError:
            return False
    return True


def read_value(file: GgufFile, key: str) -> None:
    """A value in every form; another form than its own is refused or absent."""
    file.number(key)
    for read in (file.string, file.strings, file.numbers):
        try:
            read(key)
        except CarveError:
            continue


def test_the_sound_file_is_read() -> None:
    assert read_gguf(GOOD)
    with holding(GOOD) as path:
        assert gguf_head.is_adapter(path) is True


@FUZZ
@given(MUTATED, st.integers(0, len(GOOD)) | st.just(len(GOOD)))
def test_a_spoiled_gguf_is_read_or_refused(patches: list[tuple[int, bytes]], length: int) -> None:
    read_gguf(mutated(patches, length))


@FUZZ
@given(st.binary(max_size=120))
@example(b"GGUF" + struct.pack("<IQQ", 3, 0, 2**20) + bytes(60))
def test_anything_behind_the_magic_is_read_or_refused(data: bytes) -> None:
    read_gguf(b"GGUF" + struct.pack("<I", 3) + data)


@pytest.mark.parametrize(
    "alignment",
    [gguf_file.scalar(6, float("nan")), gguf_file.scalar(12, float("inf")), gguf_file.scalar(6, 32.0),
     gguf_file.scalar(5, -32), gguf_file.scalar(4, 33)],
    ids=["nan", "inf", "float", "negative", "no power of two"],
)  # fmt: skip
def test_an_alignment_that_is_none_is_refused(alignment: tuple[int, bytes]) -> None:
    assert not read_gguf(small_gguf(alignment))
