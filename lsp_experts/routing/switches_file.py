"""What was learned of a workspace's language switches, on disk: language ids and counts, no paths, no names."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from lsp_experts.paths import Paths
from lsp_experts.registry.disk import read_private, replace_private
from lsp_experts.routing.switches import LANGUAGE, MOST_COUNT, Context, Switches

MAX_BYTES = 64 * 1024
_VERSION = 1
_FILE = re.compile(r"[0-9a-f]{16}\.json|\.[0-9a-f]{16}\.json\..*\.new")


def switches_folder(paths: Paths) -> Path:
    """Where the switches of all workspaces are."""
    return paths.state / "switches"


def switches_file(paths: Paths, root_uri: str) -> Path:
    """The file of one workspace; its name is a hash, from which nobody reads which workspace it is."""
    name = hashlib.sha256(root_uri.rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return switches_folder(paths) / f"{name}.json"


def save(file: Path, switches: Switches) -> None:
    """Write what was learned, whole or not at all, readable by its user only. OSError."""
    learned = [
        {"after": context, "next": {language: round(count, 3) for language, count in followers.items()}}
        for context, followers in switches.counts.items()
    ]
    replace_private(file, json.dumps({"version": _VERSION, "switches": learned}))


def load(file: Path) -> Switches:
    """What was learned; nothing, if the file is absent or is not one that `save` wrote."""
    try:
        return Switches(_counts(json.loads(read_private(file, MAX_BYTES))))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Switches()


def forget(paths: Paths) -> int:
    """Delete what was learned of every workspace; of how many. OSError."""
    folder, forgotten = switches_folder(paths), 0
    for file in list(folder.iterdir()) if folder.is_dir() else []:
        if _FILE.fullmatch(file.name) and not file.is_dir():
            file.unlink(missing_ok=True)
            forgotten += not file.name.startswith(".")  # those are left over from a save that was cut short
    return forgotten


def _counts(content: Any) -> dict[Context, dict[str, float]]:
    if content["version"] != _VERSION:
        raise ValueError("another version")
    counts = {}
    for entry in content["switches"]:
        context = tuple(_language(language) for language in entry["after"])
        if not 1 <= len(context) <= 2 or len(set(context)) < len(context):
            raise ValueError("no context")
        followers = {_language(language): _count(count) for language, count in entry["next"].items()}
        if context[-1] in followers:
            raise ValueError("the same language again is no switch")
        counts[context] = followers
    return counts


def _language(value: Any) -> str:
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        raise ValueError("no language id")
    return value


def _count(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MOST_COUNT + 0.001:  # rounded; NaN is not in between
        raise ValueError("no count")
    return float(value)
