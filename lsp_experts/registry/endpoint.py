"""The address of a remote expert: what may be one, whose machine it names, and whether that is this one. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_NEVER_IN_AN_ADDRESS = ' \\"<>^`{|}'


def unsafe_endpoint(url: str) -> str:
    """Why code may not be sent to `url`; empty if it may, once the user has named its host.

    https with any host, http with this machine only; no user name, no query.
    """
    parts = address_parts(url, ("https", "http"))
    if isinstance(parts, str):
        return parts
    if parts.query or parts.fragment:
        return "the address has a part after ? or #"
    if parts.scheme == "http" and not is_loopback(host_of(url)):
        return "http leaves code readable on its way, only this machine is asked by it: use https, or a tunnel"
    return ""


def address_parts(url: str, schemes: tuple[str, ...]) -> SplitResult | str:
    """The parts of an address with one of `schemes`, a usable host and no user name; else what is wrong with it."""
    if not url.isascii() or any(character in url for character in _NEVER_IN_AN_ADDRESS):
        return "the address holds a character that must be percent-encoded"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        return f"it is not an address: {error}"
    if parts.scheme not in schemes:
        return f"only {' and '.join(schemes)} is spoken, not {parts.scheme or 'an address without a scheme'}"
    if "@" in parts.netloc:
        return "the address holds a user name or password"
    if not host or port == 0 or not is_host(host):
        return "the address has no usable host name"
    return parts


def is_host(host: str) -> bool:
    """Whether `host` may be the name or number of a machine."""
    return bool(_HOST_NAME.fullmatch(host)) or _is_ip(host)


def host_of(endpoint: str) -> str:
    """The machine that `endpoint` names: lower case, without port and final dot."""
    return (urlsplit(endpoint).hostname or "").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: a loopback address, or `localhost`. Other names are somebody else's word."""
    if host.lower() == "localhost":
        return True
    return _is_ip(host) and ip_address(host).is_loopback


def is_number(host: str) -> bool:
    """Whether `host` is an address by number, however it is written: also as one number, or in hexadecimal digits."""
    last = host.rpartition(".")[2].lower()
    return _is_ip(host) or last.isdigit() or bool(re.fullmatch(r"0x[0-9a-f]*", last))


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
