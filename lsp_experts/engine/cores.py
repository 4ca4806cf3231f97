"""How many threads the engine computes with when nobody said."""

from __future__ import annotations


def physical_cores() -> int:
    """Physical cores of this machine, at least 1: what llama.cpp computes best with."""
    import psutil  # here: 30 ms that a server's first answer need not wait for

    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
