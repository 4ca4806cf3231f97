"""A workspace with canaries: words that must not get about, in files that people keep from tools like this one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Secrets by their names; the same in other letters, deeper, and below a folder that says it.
_SECRET = (
    ".env", ".ENV.production", "deploy/staging.env", "tls/server.pem", "tls/server.key", "keys.p12", "id_rsa",
    "id_ed25519.old", "credentials", "credentials.json", "secrets.yaml", ".npmrc", ".pypirc", ".netrc", ".htpasswd",
    "prod.tfvars", "vault.kdbx", ".git/config", ".aws/config",
)  # fmt: skip
# Ignored by git, by each file that other tools have for it, by a nested file, and by a folder.
_IGNORED = (
    "by_git.py", "by_cursor.py", "by_ai.py", "by_aiexclude.py", "by_codeium.py", "by_copilot.py", "deep/down/nested.py",
    "built/inside.py", "vault/closed.py",
)  # fmt: skip
_IGNORE_FILES: Mapping[str, str] = {
    ".gitignore": "by_git.py\nbuilt/\nvault/*\n!vault/opened.py\n", ".cursorignore": "by_cursor.py\n",
    ".aiignore": "by_ai.py\n", ".aiexclude": "by_aiexclude.py\n", ".codeiumignore": "by_codeium.py\n",
    ".copilotignore": "by_copilot.py\n", "deep/.gitignore": "down/nested.py\n",
}  # fmt: skip
_SHOWN = ("shown.py", "vault/opened.py")  # the second one is taken out of an ignored folder by a `!`
_LINKED = "hidden_by_name.env"


@dataclass(frozen=True)
class Place:
    """A file, the function that it defines, and the canary that its signature and its body hold."""

    path: str
    function: str
    canary: str

    @property
    def text(self) -> str:
        """What stands in it: the canary wherever it could be taken from."""
        return f"def {self.function}({self.canary}):\n    return '{self.canary}'\n"

    @property
    def module(self) -> str:
        """How Python imports it, "" if it cannot."""
        return self.path.removesuffix(".py").replace("/", ".") if self.path.endswith(".py") else ""


def _places(paths: tuple[str, ...], first: int) -> tuple[Place, ...]:
    return tuple(Place(path, f"function{n}", f"canary{n}zqx") for n, path in enumerate(paths, first))


HIDDEN = _places((*_SECRET, *_IGNORED, _LINKED, "symbolic.py", "hard.py"), 100)
SHOWN = _places(_SHOWN, 900)
MAIN = Place("main.py", "main", "canary999zqx")

# A line of each kind of key that text may hold, all made up; what follows the first "=" must not get about.
KEYS = (
    'AWS = "AKIACANARYCANARY1234"', 'GITHUB = "ghp_canarycanarycanarycanary12345678"',
    'password = "canary-horse-battery"', 'PEM = "-----BEGIN RSA PRIVATE KEY-----canary"',
    'SLACK = "xoxb-canary-canary-canary"', 'API_KEY = "canary1canary2canary3"',
)  # fmt: skip


def write_workspace(root: Path) -> None:
    """All places below `root`; two of them are links to one whose name says that it holds secrets."""
    for place in (*HIDDEN, *SHOWN):
        _write(root / place.path, place.text)
    for path, text in _IGNORE_FILES.items():
        _write(root / path, text)
    for name, link in (("symbolic.py", os.symlink), ("hard.py", os.link)):
        (root / name).unlink()
        link(root / _LINKED, root / name)


def main_text(places: tuple[Place, ...], heading: str) -> str:
    """A module that imports what can be imported of `places`, and calls all of it; the cursor is to be at its end."""
    imports = "".join(f"from {place.module} import {place.function}\n" for place in places if place.module)
    calls = "".join(f"    {place.function}()\n" for place in places)
    return f"# {heading} {MAIN.canary}\n{imports}\n\ndef {MAIN.function}():\n{calls}    return "


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
