"""How much memory there is, and how much of it the engine may hold when the user did not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
SELF_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: what programs can still take without swapping, and all there is.

    Pages of files count as available, mapped ones too: the kernel gives them up before it kills anything.
    """

    available_bytes: int
    total_bytes: int


def machine_memory() -> Memory:
    """What the system says."""
    import psutil  # here: 30 ms that a server's first answer need not wait for

    memory = psutil.virtual_memory()
    return Memory(int(memory.available), int(memory.total))


def container_memory(root: Path = CGROUP_ROOT, self_cgroup: Path = SELF_CGROUP) -> Memory | None:
    """What the tightest cgroup v2 limits over this process leave; None without a limit."""
    groups = [memory for group in _groups(root, self_cgroup) if (memory := _group_memory(group)) is not None]
    if not groups:
        return None
    return Memory(min(group.available_bytes for group in groups), min(group.total_bytes for group in groups))


def memory_now(
    machine: Callable[[], Memory] = machine_memory, container: Callable[[], Memory | None] = container_memory
) -> Memory:
    """The memory of this process: the machine's or the container's, whichever is less."""
    whole, limited = machine(), container()
    if limited is None:
        return whole
    return Memory(
        min(whole.available_bytes, limited.available_bytes),
        min(whole.total_bytes, limited.total_bytes),
    )


def default_budget_bytes(least_bytes: int = 0, memory: Callable[[], Memory] = memory_now) -> int:
    """Half of the memory that is available to this process now, at least `least_bytes` (what one expert needs).

    To be asked before anything is loaded: what the engine holds already is not available any more.
    """
    return max(least_bytes, memory().available_bytes // 2)


def _groups(root: Path, self_cgroup: Path) -> Iterator[Path]:
    """This process's cgroup and those above it."""
    try:
        lines = self_cgroup.read_text().splitlines()
    except OSError:
        return
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if own is None:
        return
    folder = root / own.strip("/")
    # In a container the path may be the host's: whatever of it is not there is skipped, the root stays.
    yield from (group for group in (folder, *folder.parents) if group.is_relative_to(root))


def _group_memory(group: Path) -> Memory | None:
    try:
        limit = int((group / "memory.max").read_text())
        current = int((group / "memory.current").read_text())
    except (OSError, ValueError):  # "max" is no number: no limit
        return None
    return Memory(max(0, limit - max(0, current - _file_bytes(group))), limit)


def _file_bytes(group: Path) -> int:
    """Page cache that is charged to a group. A freshly pulled model would otherwise fill the whole limit."""
    try:
        lines = (group / "memory.stat").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("active_file ", "inactive_file ")))
    except (OSError, ValueError, IndexError):
        return 0
