"""An Emacs without a screen, as a child process: it evaluates what a test says and answers with data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "editors" / "emacs"
DRIVER = Path(__file__).with_name("emacs_driver.el")
SERVER = (sys.executable, str(Path(__file__).with_name("launch_experts.py")), "serve")
_ANSWER = "=> "
_NEEDED = {"emacs": "emacs-nox", "eglot": "elpa-eglot", "lsp-mode": "elpa-lsp-mode"}
_END_TIMEOUT_S = 10


def emacs_arguments(*more: str) -> list[str]:
    """Emacs with the packages of its installation and ours; nothing of the user's."""
    program = shutil.which("emacs")
    if program is None:
        pytest.skip(f"Emacs is not installed: apt-get install {_NEEDED['emacs']}")
    start = "(progn (setq native-comp-deferred-compilation nil) (package-initialize))"
    return [program, "--no-init-file", *more, "--eval", start, "-L", str(PACKAGE)]


def emacs_environment(home: Path) -> dict[str, str]:
    """`home` holds what Emacs and the server write."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "HOME": str(home),
        "LSP_EXPERTS_HOME": str(home / "experts"),
        "OMP_WAIT_POLICY": "passive",
        "LC_ALL": "C.UTF-8",
    }


def lisp(value: object) -> str:
    """A Python value as Lisp reads it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list):
        return f"(list {' '.join(map(lisp, value))})"
    return {True: "t", False: "nil", None: "nil"}.get(value, str(value))  # type: ignore[call-overload]


class Emacs:
    """The child; `get` evaluates a form in it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def get(self, form: str) -> Any:
        """The value of a form. `lisp` keeps line ends in texts out of it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(form.replace("\n", " ") + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(_ANSWER):
                answer = json.loads(line.removeprefix(_ANSWER))
                assert "error" not in answer, f"{answer['error']} in {form}"
                return answer["value"]
        raise AssertionError(f"Emacs ended at {form}")

    def require(self, *features: str) -> None:
        """Load them; skip the test where one is not installed."""
        for feature in features:
            if not self.get(f"(require '{feature} nil t)") and feature in _NEEDED:
                pytest.skip(f"{feature} is not installed: apt-get install {_NEEDED[feature]}")
            assert self.get(f"(featurep '{feature})")


@contextmanager
def emacs_child(home: Path) -> Iterator[Emacs]:
    """A running Emacs; killed with its server at the end."""
    arguments = [*emacs_arguments("--batch"), "-l", str(DRIVER), "-f", "driver-loop"]
    process = subprocess.Popen(
        arguments,
        env=emacs_environment(home),
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        yield Emacs(process)
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]
