"""The hosts that the user named himself: only to them, and to this machine, code may be sent.

One host per line in a file of the user's own configuration. No workspace, no registry and no editor setting reaches it.
"""

from __future__ import annotations

from pathlib import Path

from lsp_experts.errors import StoreError, UsageError
from lsp_experts.registry.disk import disk_error, read_private, replace_private
from lsp_experts.registry.endpoint import is_host, is_loopback

_HEAD = "# Hosts that code may be sent to, one per line. `lsp-experts remote allow HOST` adds one.\n"


def named_hosts(file: Path) -> frozenset[str]:
    """The hosts in `file`; none where there is no such file. StoreError if it cannot be read: then none is named."""
    try:
        text = read_private(file).decode("utf-8")
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        remedy = f"Correct or delete {file}; until then no code leaves this machine."
        raise StoreError(f"{file} cannot be read: {error}.", remedy=remedy) from error
    lines = (line.partition("#")[0].strip().lower().rstrip(".") for line in text.splitlines())
    return frozenset(line for line in lines if line)


def name_host(file: Path, host: str) -> None:
    """Allow `host`. UsageError if it is none, StoreError if the file cannot be written."""
    host = host.lower().rstrip(".")
    if not is_host(host):
        raise UsageError(f"{host!r:.80} is not a host.", remedy="For example: models.example.org, without https://.")
    _write(file, named_hosts(file) | {host})


def forget_host(file: Path, host: str) -> bool:
    """Take back what `name_host` allowed; whether it was allowed. StoreError."""
    known = named_hosts(file)
    host = host.lower().rstrip(".")
    if host not in known:
        return False
    _write(file, known - {host})
    return True


def is_named(host: str, named: frozenset[str]) -> bool:
    """Whether code may be sent to `host`: this machine, or one that the user named."""
    return is_loopback(host) or host in named


def _write(file: Path, hosts: frozenset[str]) -> None:
    try:
        replace_private(file, _HEAD + "".join(f"{host}\n" for host in sorted(hosts)))
    except OSError as error:
        raise disk_error(error, file) from error
