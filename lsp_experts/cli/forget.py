"""`lsp-experts forget`: deletes what was learned from how this user works, on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from lsp_experts.paths import default_paths
from lsp_experts.registry.disk import disk_error
from lsp_experts.routing.switches_file import forget, switches_folder
from lsp_experts.server.running_servers import running_servers
from lsp_experts.server.statistics_file import forget as forget_days
from lsp_experts.server.statistics_file import statistics_folder
from lsp_experts.server.status_file import servers_folder


def run() -> int:
    """Deletes language switches, measured sizes, statistics, evaluations and begun adapters, and says so.

    StoreError if the disk refuses. Installed experts and the overlay registry stay.
    """
    from lsp_experts.lab.evaluation.journal import journals_folder
    from lsp_experts.lab.training.adapt_state import adapters_folder

    paths = default_paths()
    sizes = paths.state / "sizes.json"
    try:
        workspaces = forget(paths)
        measured = sizes.exists()
        sizes.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(error, paths.state) from error
    print(f"language switches: {workspaces} deleted (one for each workspace) from {switches_folder(paths)}")
    print(f"measured sizes: {'deleted' if measured else 'none in'} {sizes}")
    forget_statistics(statistics_folder(paths))
    _forget_folder("evaluations", journals_folder(paths))
    _forget_folder("begun adapters", adapters_folder(paths))
    if running_servers(servers_folder(paths)):
        print("Servers are running: what they know stays until they end, and they may save it again.")
    return 0


def forget_statistics(folder: Path) -> None:
    """Deletes what became of suggestions, and says so. StoreError if the disk refuses."""
    try:
        days = forget_days(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    print(f"statistics: {days} deleted (one for each day) from {folder}")


def _forget_folder(what: str, folder: Path) -> None:
    try:
        entries = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
        if entries:
            shutil.rmtree(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    print(f"{what}: {entries} deleted from {folder}")
