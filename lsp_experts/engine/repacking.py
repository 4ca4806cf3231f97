"""Whether repacked weights (extra buffer types) make a model faster here, as `lsp-experts bench repack` found.

Repacking copies the weights into memory of the engine's own, so it must pay to be worth that.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Literal, get_args

from lsp_experts.engine.extra_bufts import library_and_cpu
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import read_private, replace_private

RepackVerdict = Literal["pays", "does not pay", "does not fit", "nothing to repack", "crashes"]
_VERSION = 1
_MOST_BUILDS = 16


def repacking_pays(paths: Paths, sha256: str) -> bool:
    """Whether this model was measured with this build of llama.cpp on this CPU, and repacking paid. Reads two files."""
    return _read(_file(paths)).get(library_and_cpu(), {}).get(sha256) == "pays"


def remember_repacking(paths: Paths, sha256: str, verdict: RepackVerdict) -> None:
    """Keep the verdict about a model for this build and CPU; not kept where the folder cannot be written."""
    known, key = _read(_file(paths)), library_and_cpu()
    verdicts = {**known.pop(key, {}), sha256: verdict}
    kept = dict([*known.items(), (key, verdicts)][-_MOST_BUILDS:])
    with contextlib.suppress(OSError):
        replace_private(_file(paths), json.dumps({"version": _VERSION, "verdicts": kept}, indent=1))


def _file(paths: Paths) -> Path:
    return paths.state / "repack.json"


def _read(file: Path) -> dict[str, dict[str, str]]:
    """Verdicts by model by build and CPU; nothing where the file is missing or damaged."""
    try:
        content = json.loads(read_private(file))
        if content["version"] != _VERSION:
            return {}
        return {
            str(key): {str(sha256): verdict for sha256, verdict in models.items() if verdict in get_args(RepackVerdict)}
            for key, models in content["verdicts"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
