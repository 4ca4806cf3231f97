"""The address of a remote expert: what may be one, whose machine it names, and whether that is this one. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_NEVER_IN_AN_ADDRESS = ' \\"<>^`{|}'


def unsafe_endpoint(url: str) -> str:
    """Why code may not be sent to `url`; empty if it may, once the user has named its host.

    https with any host, http with this machine only; no user name, no query.
    """
    if not url.isascii() or any(character in url for character in _NEVER_IN_AN_ADDRESS):
        return "the address holds a character that must be percent-encoded"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        return f"it is not an address: {error}"
    if parts.scheme not in ("https", "http"):
        return f"only https and http are spoken, not {parts.scheme or 'an address without a scheme'}"
    if "@" in parts.netloc:
        return "the address holds a user name or password, keys come from key_variable or the keyring"
    if not host or port == 0 or not (HOST_NAME.fullmatch(host) or is_ip(host)):
        return "the address has no usable host name"
    if parts.query or parts.fragment:
        return "the address has a part after ? or #"
    if parts.scheme == "http" and not is_loopback(host):
        return "http leaves code readable on its way, only this machine is asked by it: use https, or a tunnel"
    return ""


def host_of(endpoint: str) -> str:
    """The machine that `endpoint` names: lower case, without port and final dot."""
    return (urlsplit(endpoint).hostname or "").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: a loopback address, or `localhost`. Other names are somebody else's word."""
    if host.lower() == "localhost":
        return True
    return is_ip(host) and ip_address(host).is_loopback


def is_ip(host: str) -> bool:
    """Whether `host` is an address by number, IPv4 or IPv6."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
