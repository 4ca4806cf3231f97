"""The user's overlay registry, where a command changes one value of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from lsp_experts.errors import RegistryError
from lsp_experts.registry.disk import disk_error, replace_private
from lsp_experts.registry.document import read_document
from lsp_experts.registry.schema import schema_problems

_DECIMALS = 4

Section = Literal["confidence", "review"]  # what is fitted for an expert, by its id


def set_value(overlay: Path, section: Section, expert_id: str, value: float) -> None:
    """Set what `section` of the file `overlay` says of one expert; it is made if there is none, all else in it stays.

    A reader sees the old file or the new one. RegistryError for a file that is no registry, which is left as it is;
    StoreError where the disk refuses.
    """
    file = overlay.resolve()  # a link to a file that lies elsewhere stays one
    document: Any = read_document(file) if file.exists() else {"version": 1, "experts": []}
    problems = schema_problems(document)
    if problems:
        raise RegistryError(overlay, problems[0].json_path, problems[0].problem, remedy=problems[0].remedy)
    document.setdefault(section, {})[expert_id] = int(value) if value == int(value) else round(value, _DECIMALS)
    try:
        replace_private(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise disk_error(error, file.parent) from error
