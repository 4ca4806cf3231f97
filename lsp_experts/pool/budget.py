"""How many bytes the engine may hold when the user did not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil

CGROUP_ROOT = Path("/sys/fs/cgroup")
SELF_CGROUP = Path("/proc/self/cgroup")

ReadBytes = Callable[[], int | None]  # bytes, None where nothing is known


def available_bytes() -> int:
    """Memory that programs can still take without swapping, as the system says."""
    return int(psutil.virtual_memory().available)


def container_bytes(root: Path = CGROUP_ROOT, self_cgroup: Path = SELF_CGROUP) -> int | None:
    """Bytes left below the tightest cgroup v2 memory limit over this process; None without a limit.

    File pages on the inactive list count as free: the kernel gives them up before it kills anything,
    and a freshly pulled model would otherwise fill the whole limit.
    """
    try:
        lines = self_cgroup.read_text().splitlines()
    except OSError:
        return None
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if own is None:
        return None
    folder = root / own.strip("/")
    left: list[int] = []
    # In a container the path may be the host's: whatever of it is not there is skipped, the root stays.
    for group in (folder, *folder.parents):
        if not group.is_relative_to(root):
            break
        group_left = _left_in(group)
        if group_left is not None:
            left.append(group_left)
    return min(left) if left else None


def _left_in(group: Path) -> int | None:
    try:
        limit = int((group / "memory.max").read_text())
        current = int((group / "memory.current").read_text())
    except (OSError, ValueError):  # "max" is no number: no limit
        return None
    return max(0, limit - max(0, current - _inactive_file_bytes(group)))


def _inactive_file_bytes(group: Path) -> int:
    try:
        for line in (group / "memory.stat").read_text().splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return 0


def default_budget_bytes(
    least_bytes: int = 0, *, available: Callable[[], int] = available_bytes, container: ReadBytes = container_bytes
) -> int:
    """Half of the memory that is available to this process now, at least `least_bytes` (what one expert needs)."""
    free, limit = available(), container()
    if limit is not None:
        free = min(free, limit)
    return max(least_bytes, free // 2)
