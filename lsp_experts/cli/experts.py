"""`lsp-experts experts`: all experts of the registry, and which of them are installed."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Installed, Store


def run(*, as_json: bool = False, installed_only: bool = False, language: str | None = None) -> int:
    """Prints the table, or with `as_json` a list of objects, on standard output."""
    paths = default_paths()
    catalogue = load_catalogue(paths)
    rows = table_rows(catalogue, Store(paths.store).installed())
    rows = [row for row in rows if row["installed"] or not installed_only]
    rows = [row for row in rows if language is None or language in row["languages"]]
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    return 0


def table_rows(catalogue: Catalogue, installed: dict[str, Installed]) -> list[dict[str, Any]]:
    """One row per registry entry, in its order, then what is installed and in no registry."""
    rows = [_row(entry, installed.get(entry.id), catalogue) for entry in catalogue.entries.values()]
    known = set(catalogue.entries)
    unknown = [one for expert, one in sorted(installed.items()) if expert not in known]
    return rows + [
        {
            "id": one.expert,
            "languages": [],
            "domain": None,
            "preferred": [],
            "kind": "unknown",
            "base": None,
            "size": one.size,
            "licence": one.licence,
            "non_commercial": False,
            "verified": True,
            "note": "installed, and in no registry",
            "installed": True,
            "path": str(one.path),
            "sha256": one.sha256,
            "source": one.source,
        }
        for one in unknown
    ]


def _row(entry: Entry, installed: Installed | None, catalogue: Catalogue) -> dict[str, Any]:
    sizes = [entry.size, *(source.size for source in entry.sources)]
    return {
        "id": entry.id,
        "languages": list(entry.languages),
        "domain": entry.domain.name if entry.domain is not None else None,
        "preferred": [language for language, expert in catalogue.preferred.items() if expert == entry.id],
        "kind": entry.kind,
        "base": entry.base,
        "size": installed.size if installed else next((size for size in sizes if size), None),
        "licence": entry.licence,
        "non_commercial": entry.non_commercial,
        "verified": entry.verified,
        "note": entry.note,
        "installed": installed is not None,
        "path": str(installed.path) if installed else None,
        "sha256": installed.sha256 if installed else entry.sha256,
        "source": installed.source if installed else None,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("expert", "languages", "kind"):
        table.add_column(title, overflow="fold", no_wrap=title == "expert")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", overflow="fold")
    table.add_column("installed")
    for row in rows:
        size = f"{row['size'] / 1e6:,.0f} MB" if row["size"] else "?"
        licence = row["licence"]
        if row["non_commercial"] and "non-commercial" not in licence.lower():
            licence += " (non-commercial)"
        state = "yes" if row["installed"] else "-" if row["verified"] else "- (unverified)"
        languages = "any" if "*" in row["languages"] else ", ".join(row["languages"])
        languages += f" with {row['domain']}" if row["domain"] else ""
        # Registry text is data: Text keeps square brackets in it from being read as markup.
        kind = f"{row['kind']} of {row['base']}" if row["base"] else row["kind"]
        cells = (row["id"], languages, kind, size, licence, state)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    for row in rows:
        if row["preferred"]:
            console.print(Text(f"{row['id']} is asked first in {', '.join(row['preferred'])}: lsp-experts recommend"))
    if any(not row["verified"] and not row["installed"] for row in rows):
        console.print("unverified: nobody has checked yet that this source has this file under this name", style="dim")
