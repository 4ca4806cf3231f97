"""Reads parameters of methods that LSP does not define: any JSON may arrive."""

from __future__ import annotations


def value_at(params: object, *path: str | int) -> object:
    """What stands at a path of keys and indices; None if nothing does."""
    for step in path:
        if isinstance(params, dict):
            params = params.get(step)
        elif isinstance(params, list | tuple) and isinstance(step, int) and 0 <= step < len(params):
            params = params[step]
        else:
            return None
    return params


def text_at(params: object, *path: str | int) -> str:
    """The text there; the empty string, which is no document's URI and no suggestion's id, if there is none."""
    found = value_at(params, *path)
    return found if isinstance(found, str) else ""


def uri_at(params: object, name: str) -> str:
    """`params[name]["uri"]`, or the empty string."""
    return text_at(params, name, "uri")


def item_id(params: object) -> str:
    """The suggestion's id in `params["item"]`, an item that we sent: its command carries it. Or the empty string."""
    return text_at(params, "item", "command", "arguments", 0)
