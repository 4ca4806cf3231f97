"""The user's overlay registry, where a command changes a part of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from lsp_experts.errors import RegistryError
from lsp_experts.registry.disk import disk_error, replace_private
from lsp_experts.registry.document import read_document
from lsp_experts.registry.entry import Measured
from lsp_experts.registry.schema import schema_problems

_DECIMALS = 4

Section = Literal["confidence", "review"]  # what is fitted for an expert, by its id


def set_value(overlay: Path, section: Section, expert_id: str, value: float) -> None:
    """Set what `section` of the file `overlay` says of one expert. Errors as of `_changed`."""

    def change(document: dict[str, Any]) -> None:
        document.setdefault(section, {})[expert_id] = _number(value)

    _changed(overlay, change)


def set_measured(overlay: Path, language: str, rows: Mapping[str, Measured]) -> None:
    """Add what was measured of experts in `language`. Errors as of `_changed`.

    Older rows stay if they are of another expert and were measured against the same one: others compare with nothing.
    """
    against = {row.against for row in rows.values()}

    def change(document: dict[str, Any]) -> None:
        measured = document.setdefault("measured", {})
        kept = {name: row for name, row in measured.get(language, {}).items() if row["against"] in against}
        new = {
            name: {key: _number(value) if isinstance(value, float) else value for key, value in asdict(row).items()}
            for name, row in rows.items()
        }
        measured[language] = kept | new

    _changed(overlay, change)


def set_preferred(overlay: Path, preferred: Mapping[str, str]) -> None:
    """Which expert each of these languages starts with; "" for the one that the registry has first.

    Errors as of `_changed`.
    """

    def change(document: dict[str, Any]) -> None:
        merged = {**document.get("preferred", {}), **preferred}
        document["preferred"] = {language: expert for language, expert in merged.items() if expert}

    _changed(overlay, change)


def add_entry(overlay: Path, entry: Mapping[str, Any]) -> None:
    """Add an expert, as a registry file spells it, before all others of the file, or in the place of one of its id.

    RegistryError for an entry that a registry may not have; else errors as of `_changed`.
    """

    def change(document: dict[str, Any]) -> None:
        places = [number for number, each in enumerate(document["experts"]) if each["id"] == entry["id"]]
        if places:
            document["experts"][places[0]] = dict(entry)
        else:
            document["experts"].insert(0, dict(entry))
        _check(overlay, document)

    _changed(overlay, change)


def _changed(overlay: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the document of the file `overlay`; it is made if there is none, all else in it stays.

    A reader sees the old file or the new one. RegistryError for a file that is no registry, which is left as it is;
    StoreError where the disk refuses.
    """
    file = overlay.resolve()  # a link to a file that lies elsewhere stays one
    document: Any = read_document(file) if file.exists() else {"version": 1, "experts": []}
    _check(overlay, document)
    change(document)
    try:
        replace_private(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise disk_error(error, file.parent) from error


def _check(overlay: Path, document: object) -> None:
    problems = schema_problems(document)
    if problems:
        raise RegistryError(overlay, problems[0].json_path, problems[0].problem, remedy=problems[0].remedy)


def _number(value: float) -> int | float:
    """As a registry spells it: no whole number has a decimal point, none an exponent."""
    rounded = round(value, _DECIMALS)
    return int(rounded) if rounded == int(rounded) else rounded
