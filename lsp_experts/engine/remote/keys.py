"""The key of a host: from the environment, else from the system's keyring, else none."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping

from lsp_experts.errors import RemoteFailed
from lsp_experts.registry.endpoint import host_of
from lsp_experts.registry.entry import Remote

_SERVICE = "lsp-experts"


def key_of(remote: Remote, environment: Mapping[str, str]) -> str:
    """The key, empty if there is none; may wait for the keyring. RemoteFailed("key refused") if no header can hold it.

    The keyring is asked where the package `keyring` is installed: service "lsp-experts", user: the host.
    """
    key = environment.get(remote.key_variable, "") if remote.key_variable else ""
    key = (key or _in_keyring(host_of(remote.endpoint))).strip()
    if not (key.isascii() and key.isprintable()):
        where = remote.key_variable or "the keyring"
        raise RemoteFailed("key refused", f"The key in {where} holds a character that no request can carry.")
    return key


def _in_keyring(host: str) -> str:
    if importlib.util.find_spec("keyring") is None:
        return ""
    try:
        found = importlib.import_module("keyring").get_password(_SERVICE, host)
    except Exception:  # backends raise what they like, and a locked keyring is no key
        return ""
    return found if isinstance(found, str) else ""
