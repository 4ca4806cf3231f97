"""Reads parameters of methods that LSP does not define: any JSON may arrive."""

from __future__ import annotations


def uri_at(params: object, name: str) -> str:
    """`params[name]["uri"]`; the empty string, which no document has, if there is none."""
    holder = params.get(name) if isinstance(params, dict) else None
    uri = holder.get("uri") if isinstance(holder, dict) else None
    return uri if isinstance(uri, str) else ""
