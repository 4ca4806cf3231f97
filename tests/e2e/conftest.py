"""A store of the test's own that holds the real base, and the command as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from e2e_commands import Command

from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store

BASE_ID = "qwen2.5-coder-0.5b"


@pytest.fixture(scope="module")
def base_home(real_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for LSP_EXPERTS_HOME whose store has the base: a hard link, or a copy on another file system."""
    home = tmp_path_factory.mktemp("real")
    saved = os.environ.get("LSP_EXPERTS_HOME")
    os.environ["LSP_EXPERTS_HOME"] = str(home)
    try:
        store = Store(default_paths().store)
        with store.temporary() as temporary:
            try:
                os.link(real_base, temporary)
            except OSError:
                shutil.copyfile(real_base, temporary)
            store.adopt(
                BASE_ID,
                temporary,
                sha256=real_base.stem,
                size=real_base.stat().st_size,
                source="test",
                licence="Apache-2.0",
            )
    finally:
        if saved is None:
            del os.environ["LSP_EXPERTS_HOME"]
        else:
            os.environ["LSP_EXPERTS_HOME"] = saved
    return home


@pytest.fixture
def lsp_experts(home: Path) -> Command:
    """`lsp_experts("pull", "x", home=...)`: runs the command, without a terminal, below a home."""

    def run(*arguments: str | Path, home: Path = home, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lsp_experts", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**os.environ, "LSP_EXPERTS_HOME": str(home)},
            stdin=subprocess.DEVNULL,
        )

    return run
