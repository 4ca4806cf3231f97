"""How the engine process is started: command line, environment, folder.

The child sees an allow-list of variables (no tokens) and a folder of its own, and `-P` keeps that folder off its
import path: a workspace that holds a `json.py` or a `llama_cpp.py` is never imported.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from lsp_experts.engine.client import EngineClient, Patience
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import make_private

_ALLOWED = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PYTHONHOME",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH",
)  # fmt: skip
_ALLOWED_PREFIXES = ("LC_", "LSP_EXPERTS_", "GGML_", "CUDA_VISIBLE_", "HIP_VISIBLE_", "ROCR_VISIBLE_", "HSA_")
_FORCED = {
    "OMP_WAIT_POLICY": "passive",  # spinning threads cost 10 to 40 times on a busy machine
    "GGML_NO_BACKTRACE": "1",  # no debugger is forked when ggml aborts
    "MALLOC_ARENA_MAX": "2",  # evicted memory goes back to the system
    "PYTHONUNBUFFERED": "1",
}


def worker_command() -> list[str]:
    """The command line of the engine."""
    return [sys.executable, "-P", "-m", "lsp_experts.engine.worker"]


def fake_command(*faults: str) -> list[str]:
    """The command line of the engine without llama.cpp, for tests (engine/fake.py)."""
    return [sys.executable, "-P", "-m", "lsp_experts.engine.fake", *faults]


def worker_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables the engine gets, from `environment` (default: this process's)."""
    source = os.environ if environment is None else environment
    kept = {name: value for name, value in source.items() if name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)}
    kept.update(_FORCED)
    root = _checkout_root()
    if root:
        kept["PYTHONPATH"] = root
    return kept


def neutral_folder(paths: Paths) -> Path:
    """The engine's working folder: below the state folder, empty; the temporary folder's root if none can be made."""
    folder = paths.state / "engine"
    try:
        make_private(folder)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder


def engine_spawner(
    paths: Paths,
    command: Sequence[str] | None = None,
    *,
    log: Path | None = None,
    patience: Patience | None = None,
) -> Callable[[], Awaitable[EngineClient]]:
    """What a Supervisor needs: each call starts one engine process and waits for its hello."""
    argv = list(command or worker_command())

    async def spawn() -> EngineClient:
        return await EngineClient.start(
            argv, cwd=neutral_folder(paths), environment=worker_environment(), log=log, patience=patience or Patience()
        )

    return spawn


def _checkout_root() -> str:
    """The folder of our own package if the interpreter would not find it by itself, "" if it would."""
    root = Path(__file__).resolve().parents[2]
    known = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    known.add(site.getusersitepackages())
    return "" if any(Path(folder).resolve() == root for folder in known) else str(root)
