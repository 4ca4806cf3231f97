"""Text that looks like a key, a token or a password: never taken into the working memory, never suggested. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Prefixes as their issuers document them (AWS, GitHub, GitLab, Slack, Google, Stripe and others, JWT, PEM); then any
# long run of base64 or hexadecimal digits, and what is assigned to a name that says secret.
_KEY = re.compile(
    r"-----BEGIN|-----END|\bA(?:KIA|SIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}|\bgithub_pat_\w|\bglpat-[\w-]"
    r"|\bxox[abeprs]-\w|\b[srp]k[-_][\w-]{16,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]|[A-Za-z0-9+/]{40,}"
    r"|(?i:(?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key)\w*[\"']?\s*(?::?=|:)\s*[\"'][^\"'\n]{6,})"
)
_PEM = re.compile(r"(?<=-----BEGIN)[\s\S]*?(?=-----END|\Z)")
_PATH = re.compile(r"[A-Za-z+/]{40,}")  # a run without a digit: a path or a long name rather than a key


def looks_secret(text: str) -> bool:
    """Whether something in `text` is obvious key material."""
    return _KEY.search(text) is not None


def masked(text: str) -> str:
    """`text` with every character of obvious key material as an `x`: equally long, with the same lines.

    What is assigned to a name that says secret loses its value only.
    """
    text = _PEM.sub(lambda block: re.sub(r"\S", "x", block[0]), text)
    return _KEY.sub(lambda found: _value_masked(found[0]), text)


def _value_masked(found: str) -> str:
    if found.startswith("-----"):
        return found
    value = 1 + max(found.rfind('"'), found.rfind("'"))  # 0: all of it is the key
    return found[:value] + "x" * (len(found) - value)


def key_material(text: str) -> Iterator[tuple[int, int]]:
    """Where in `text` a suggestion would spell key material.

    Narrower than `looks_secret`: what is kept out of a prompt needlessly costs little, what is not suggested does.
    """
    return (found.span() for found in _KEY.finditer(text) if not _PATH.fullmatch(found.group()))
