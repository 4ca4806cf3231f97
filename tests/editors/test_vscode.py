"""The VS Code extension in a real VS Code (code-server, shown by Chromium): what editors/vscode/test/ says and does.

Its tools take minutes to install and 0.8 GB of disk, so they are not a matter of pip: without them this is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "editors" / "vscode" / "test"


@pytest.fixture(scope="module")
def _tools() -> None:
    check = subprocess.run([FOLDER / "install.sh", "--check"], stdout=subprocess.PIPE, text=True)
    if check.returncode == 0:
        return
    if not os.environ.get("LSP_EXPERTS_TEST_VSCODE"):
        pytest.skip(f"{check.stdout.strip()}: editors/vscode/test/install.sh, or LSP_EXPERTS_TEST_VSCODE=1 for pytest")
    subprocess.run([FOLDER / "install.sh"], check=True)


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.test.mjs")))
@pytest.mark.usefixtures("_tools")
def test_in_a_real_editor(file: str) -> None:
    environment = {**os.environ, "LSP_EXPERTS_TEST_PYTHON": sys.executable}
    run = subprocess.run(
        [FOLDER / "run.sh", file], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert run.returncode == 0, run.stdout
