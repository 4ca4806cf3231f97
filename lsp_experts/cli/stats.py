"""`lsp-experts stats`: what became of the suggestions on this machine, per language and expert."""

from __future__ import annotations

import json
from datetime import date, timedelta

from rich.console import Console

from lsp_experts.cli.forget import forget_statistics
from lsp_experts.cli.stats_figures import figures
from lsp_experts.cli.stats_view import stats_view
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.server.statistics_file import MOST_DAYS, read, statistics_folder

_WIDTH_WITHOUT_A_TERMINAL = 80


def run(*, days: int = MOST_DAYS, delete: bool = False, as_json: bool = False) -> int:
    """Show the last `days` days, or `delete` all of them. UsageError, StoreError if the disk refuses."""
    folder = statistics_folder(default_paths())
    if delete:
        forget_statistics(folder)
        return 0
    if days < 1:
        raise UsageError(f"{days} days is no time.", remedy="--days takes a number from 1 on.")
    since = date.today() - timedelta(days=min(days, MOST_DAYS) - 1)
    found = figures(read(folder, since.isoformat()))
    if as_json:
        print(json.dumps({"folder": str(folder), "since": since.isoformat(), **found}))
        return 0
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_A_TERMINAL)
    if found["rows"]:
        console.print(stats_view(found, blocks=console.encoding.lower().startswith("utf")))
        console.print()
    else:
        console.print("No suggestion was shown yet that is counted here.", soft_wrap=True)
    console.print(
        f"Kept on this machine only, without any text or name of a document, in\n{folder}\n"
        "Delete it: lsp-experts stats --forget\nKeep no more: the setting lspExperts.statistics, false",
        soft_wrap=True,
        markup=False,
    )
    return 0
