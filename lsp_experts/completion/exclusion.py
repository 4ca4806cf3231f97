"""Documents that are never completed in: secrets by name, and files too large to help with. Pure."""

from __future__ import annotations

import fnmatch
from urllib.parse import unquote, urlsplit

from lsp_experts.completion.document import DocumentView
from lsp_experts.settings import Settings

# Names under which people keep secrets.
_SECRET_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "id_rsa*", "id_dsa*",
    "id_ecdsa*", "id_ed25519*", "credentials", "credentials.*", "secrets", "secrets.*", ".npmrc", ".pypirc", ".netrc",
    "_netrc", ".htpasswd", ".git-credentials", "*.tfvars", "*.kdbx",
)  # fmt: skip
_SECRET_FOLDERS = frozenset({".ssh", ".aws", ".gnupg", ".git"})


def excluded(uri: str, text: str, settings: Settings) -> str:
    """Why a document gets no completion, "" if it does: "secrets file", "file too large", "line too long"."""
    parts = [part.casefold() for part in path_of(uri).replace("\\", "/").split("/") if part]
    name = parts[-1] if parts else ""
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in _SECRET_NAMES) or _SECRET_FOLDERS & set(parts[:-1]):
        return "secrets file"
    if len(text) > settings.max_document_chars:
        return "file too large"
    if _longest_line_over(text, settings.max_line_chars):
        return "line too long"
    return ""


def off_limits(view: DocumentView, settings: Settings) -> str:
    """As `excluded`, and what is known of the document's file: "secrets file", "ignored file"."""
    return view.left_out or excluded(view.uri, view.text, settings)


def path_of(uri: str) -> str:
    """The path of a URI, decoded; all of it where it is none: a client may send anything, and its names count."""
    try:
        return unquote(urlsplit(uri).path)
    except ValueError:
        return unquote(uri)


def _longest_line_over(text: str, limit: int) -> bool:
    """Whether some line is longer than `limit`: a jump from line end to line end, not a split."""
    at = 0
    while at + limit < len(text):
        end = text.rfind("\n", at, at + limit + 1)
        if end < 0:
            return True
        at = end + 1
    return False
