"""What end-to-end tests share: the type of a command runner, and reading its JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

Command = Callable[..., subprocess.CompletedProcess[str]]


def json_of(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command printed with --json; the test fails with its stderr if it did not end well."""
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
