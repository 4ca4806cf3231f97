"""Notebook cells as documents of their own: they go on from the cells before them, and a magic changes the language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from lsp_experts.routing.regions.quoting import bare
from lsp_experts.routing.regions.region import Region, Source, region_of
from lsp_experts.routing.regions.spot import Spot

_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*\n")
_MAGICS: Mapping[str, str] = MappingProxyType(
    {
        "bash": "shellscript",
        "sh": "shellscript",
        "html": "html",
        "css": "css",
        "javascript": "javascript",
        "js": "javascript",
        "sql": "sql",
        "bigquery": "sql",
        "markdown": "markdown",
        "latex": "latex",
        "ruby": "ruby",
        "perl": "perl",
        "r": "r",
    }
)
_OPEN = bare("\0")  # nothing ends a cell


def cell_of(language: str, text: str, earlier: str) -> Region | None:
    """A whole cell, behind the earlier ones."""
    source = Source(text, 0, _OPEN, "", before=f"{earlier}\n\n")
    return region_of("cell:0", language, source, ())


def magic_of(text: str, offset: int) -> Region | None:
    """What stands below a first line like %%sql."""
    magic = _MAGIC.match(text)
    language = _MAGICS.get(magic[1].lower()) if magic is not None else None
    if magic is None or language is None or offset < magic.end():
        return None
    return Spot("magic", language, magic.end(), len(text), _OPEN, margin="").region(text, None)
