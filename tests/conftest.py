"""Fixtures that every test shares: folders of its own, the tiny model, the real base where there is one."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.endpoint import is_loopback

BASE_ID = "qwen2.5-coder-0.5b"
_USER_PATHS = default_paths()  # the user's real store, before a test moves it


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths for one home each; made by whoever needs one, since most tests do not."""
    parent = tmp_path_factory.mktemp("homes")
    return (parent / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the user's own folders."""
    folder = next(homes)
    monkeypatch.setenv("LSP_EXPERTS_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches another machine: what is tested may only connect to this one (S7)."""
    really = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            pytest.fail(f"something connects to {address[0]}")
        really(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights and FIM tokens; its greedy text is golden."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def real_base() -> Path:
    """The real 0.5B base from the user's store; pulled there first if LSP_EXPERTS_TEST_PULL is set, else skipped."""
    from lsp_experts.errors import ExpertsError
    from lsp_experts.registry.catalogue import load_catalogue
    from lsp_experts.registry.pull import pull
    from lsp_experts.registry.store import Store

    store = Store(_USER_PATHS.store)
    try:
        return store.check(BASE_ID).path
    except ExpertsError:
        if not os.environ.get("LSP_EXPERTS_TEST_PULL"):
            pytest.skip(
                f"{BASE_ID} is not in {_USER_PATHS.store}: `lsp-experts pull {BASE_ID}` or LSP_EXPERTS_TEST_PULL=1"
            )

    class Quiet:
        def start(self, label: str, total_bytes: int | None) -> None: ...
        def advance(self, bytes_done: int) -> None: ...
        def finish(self) -> None: ...

    return pull(load_catalogue(_USER_PATHS).get(BASE_ID), store, Quiet()).path
