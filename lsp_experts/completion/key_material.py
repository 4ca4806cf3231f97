"""Text that looks like a key, a token or a password: it is never taken into the working memory. Pure."""

from __future__ import annotations

import re

# Prefixes as their issuers document them (AWS, GitHub, GitLab, Slack, Google, Stripe and others, JWT, PEM); then any
# long run of base64 or hexadecimal digits, and what is assigned to a name that says secret.
_KEY = re.compile(
    r"-----BEGIN|-----END|\bA(?:KIA|SIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}|\bgithub_pat_\w|\bglpat-[\w-]"
    r"|\bxox[abeprs]-\w|\b[srp]k[-_][\w-]{16,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]|[A-Za-z0-9+/]{40,}"
    r"|(?i:(?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key)\w*[\"']?\s*(?::?=|:)\s*[\"'][^\"'\n]{6,})"
)


def looks_secret(text: str) -> bool:
    """Whether something in `text` is obvious key material."""
    return _KEY.search(text) is not None
