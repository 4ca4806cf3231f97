"""The token that a client has to know: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import make_private, open_regular

_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,200}")


def token_path(paths: Paths) -> Path:
    """Where this user's token lies."""
    return paths.state / "http-token"


def token_of(path: Path) -> str:
    """The token in a file, which is made if it is not there. UsageError for one that others could read, or know."""
    try:
        with suppress(FileExistsError):
            _make(path)
        return _read(path)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be the token: {error}.", remedy="Delete it; a new one is made at the next start."
        ) from None


def _make(path: Path) -> None:
    """A new token at `path`, whole or not at all; FileExistsError if there is one."""
    if path.exists():
        return
    make_private(path.parent)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
        os.link(new, path)  # unlike a rename it never replaces the token of a server that starts at the same time
    finally:
        new.unlink(missing_ok=True)


def _read(path: Path) -> str:
    with open_regular(path) as file:
        facts = os.fstat(file.fileno())
        text = file.read(1024).decode("ascii", "replace").strip()
    if hasattr(os, "getuid"):
        if facts.st_uid != os.getuid():
            raise ValueError("it belongs to another user")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise ValueError("others may read or write it")
    if not _TOKEN.fullmatch(text):
        raise ValueError("it holds no token")
    return text
