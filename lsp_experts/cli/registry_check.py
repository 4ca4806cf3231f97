"""`lsp-experts registry check FILE`: is this a registry, and what would it change?"""

from __future__ import annotations

import sys
from pathlib import Path

from lsp_experts.errors import RegistryError
from lsp_experts.paths import bundled_registry
from lsp_experts.registry.catalogue import Catalogue, load_registry, registry_problems

_MAX_SHOWN = 20


def run(file: str) -> int:
    """Print what is wrong with the registry in `file`, or what it holds; 0 if it is in order, else 1."""
    path = Path(file)
    beside = _bundled_beside(path)
    problems = registry_problems(path, beside=beside)
    if problems:
        for problem in problems[:_MAX_SHOWN]:
            _say(str(problem))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        _say(f"{count} found." if len(problems) <= _MAX_SHOWN else f"{count} found, the first {_MAX_SHOWN} are shown.")
        return 1
    for line in _summary(path, load_registry(path, beside=beside), beside):
        _say(line)
    return 0


def _bundled_beside(path: Path) -> Catalogue | None:
    """What the file would be laid over; nothing where it is the bundled registry itself."""
    bundled = bundled_registry()
    try:
        return None if path.resolve() == bundled.resolve() else load_registry(bundled)
    except (OSError, ValueError, RuntimeError, RegistryError):
        return None


def _summary(path: Path, catalogue: Catalogue, beside: Catalogue | None) -> list[str]:
    entries = catalogue.entries.values()
    languages = {language for entry in entries for language in entry.languages} - {"*"}
    lines = [f"{path}: in order. {len(catalogue.entries)} experts name {len(languages)} languages."]
    if beside is not None:
        replaced = [name for name in catalogue.entries if name in beside.entries]
        added = [name for name in catalogue.entries if name not in beside.entries]
        lines += [f"As an overlay it replaces: {', '.join(replaced)}."] if replaced else []
        lines += [f"As an overlay it adds: {', '.join(added)}."] if added else []
    known = catalogue.entries if beside is None else {**beside.entries, **catalogue.entries}
    for values, what, one in (
        (catalogue.confidence, "Confidence of what is shown unasked", "A confidence"),
        (catalogue.review, "Nats from which a review shows something", "A review threshold"),
    ):
        fitted = [f"{name} {value:g}" for name, value in values.items() if name in known]
        stray = [name for name in values if name not in known]
        lines += [f"{what}: {', '.join(fitted)}."] if fitted else []
        lines += [f"{one} for experts that are not known has no effect: {', '.join(stray)}."] if stray else []
    unchecked = [entry.id for entry in entries if not entry.verified]
    restricted = [f"{entry.id} ({entry.licence})" for entry in entries if entry.non_commercial]
    lines += [f"Repository or file name not verified: {', '.join(unchecked)}."] if unchecked else []
    lines += [f"Not for commercial use: {', '.join(restricted)}."] if restricted else []
    return lines


def _say(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
