"""What the engine process reads about its own memory, and about the GPUs."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lsp_experts.engine.protocol import Device
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.devices import Gpus

PAGE = mmap.PAGESIZE
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


def mapped(path: Path, pages: int) -> mmap.mmap:
    path.write_bytes(b"x" * PAGE * pages)
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for page in range(pages):
        assert view[page * PAGE] == ord("x")
    return view


@linux
@pytest.mark.parametrize("name", ["model.gguf", "a model (deleted) of mine.gguf", "modèle.gguf"])
def test_resident_pages_of_files(tmp_path: Path, name: str) -> None:
    """Counted per file in one look, given back and taken again, under the old name after the file was removed."""
    one, two, three = tmp_path / name, tmp_path / f"{name}.second", tmp_path / "never mapped"
    paths = {str(path) for path in (one, two, three)}
    with mapped(one, 8), mapped(one, 8), mapped(two, 3):
        assert memory.mapped_bytes(paths) == {str(one): 8 * PAGE, str(two): 3 * PAGE, str(three): 0}
        memory.drop_pages(str(one))
        assert memory.mapped_bytes(paths) == {str(one): 0, str(two): 3 * PAGE, str(three): 0}
        two.unlink()
        assert memory.mapped_bytes({str(two)}) == {str(two): 3 * PAGE}
        memory.drop_pages(str(two))
        assert memory.mapped_bytes({str(two)}) == {str(two): 0}
        memory.populate_pages(str(one))
        assert memory.mapped_bytes({str(one)})[str(one)] in (0, 8 * PAGE), "older kernels cannot"
    assert memory.mapped_bytes(paths) == dict.fromkeys(paths, 0)
    assert memory.mapped_bytes(()) == {}


@linux
def test_anonymous_bytes_grow_with_what_is_taken() -> None:
    before = memory.anonymous_bytes()
    with mmap.mmap(-1, 8 * 1024 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        for at in range(0, len(taken), PAGE):
            taken[at] = 1
        assert 7_000_000 < memory.anonymous_bytes() - before < 12_000_000


def fake_api(types: list[int]) -> Any:
    """An API over devices with these ggml types; each has its index in MiB free, of 100."""

    def measure(handle: int, free: Any, total: Any) -> None:
        free._obj.value, total._obj.value = handle << 20, 100 << 20

    libraries = {
        "ggml": SimpleNamespace(
            ggml_backend_dev_count=lambda: len(types), ggml_backend_dev_get=lambda index: index + 1
        ),
        "ggml-base": SimpleNamespace(
            ggml_backend_dev_type=lambda handle: types[handle - 1],
            ggml_backend_dev_name=lambda handle: b"GPU%d" % handle,
            ggml_backend_dev_memory=measure,
        ),
    }
    return SimpleNamespace(load_shared_library=lambda name, _: libraries[name], _base_path=Path())


def test_only_gpus_are_devices() -> None:
    gpus = Gpus(fake_api([0, 1, 3, 2]))
    assert gpus.measure() == (Device("GPU2", 2 << 20, 100 << 20), Device("GPU4", 4 << 20, 100 << 20))
    assert gpus.free_bytes() == 6 << 20
    assert gpus.present


def missing_library() -> Any:
    def load(name: str, _: Path) -> Any:
        raise FileNotFoundError(name)

    return SimpleNamespace(load_shared_library=load, _base_path=Path())


def missing_function() -> Any:
    return SimpleNamespace(load_shared_library=lambda *_: SimpleNamespace(), _base_path=Path())


@pytest.mark.parametrize("api", [missing_library(), missing_function(), SimpleNamespace(), fake_api([0])])
def test_no_gpu_is_no_error(api: Any) -> None:
    gpus = Gpus(api)
    assert (gpus.measure(), gpus.free_bytes(), gpus.present) == ((), 0, False)
