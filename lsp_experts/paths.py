"""Where files live. `LSP_EXPERTS_HOME` moves all of it below one folder (tests, portable installs)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_APP = "lsp-experts"


@dataclass(frozen=True)
class Paths:
    """The folders of this user; none is created by looking at it."""

    data: Path
    config: Path
    state: Path

    @property
    def store(self) -> Path:
        """Model files, named by their hash, and the records of what was pulled."""
        return self.data / "models"

    @property
    def overlay(self) -> Path:
        """The user's own registry; its entries replace the bundled ones by id."""
        return self.config / "expert_registry.json"

    @property
    def named_hosts(self) -> Path:
        """The hosts that the user allowed code to be sent to."""
        return self.config / "hosts.txt"


def default_paths() -> Paths:
    """The platform's folders, or those below `LSP_EXPERTS_HOME` if that is set."""
    home = os.environ.get("LSP_EXPERTS_HOME")
    if home:
        root = Path(home).absolute()
        return Paths(root / "data", root / "config", root / "state")
    return Paths(
        Path(platformdirs.user_data_dir(_APP, appauthor=False)),
        Path(platformdirs.user_config_dir(_APP, appauthor=False)),
        Path(platformdirs.user_state_dir(_APP, appauthor=False)),
    )


def bundled_registry() -> Path:
    """The registry that ships with the package (beside it in a source checkout)."""
    package = Path(__file__).parent
    inside = package / "expert_registry.json"
    return inside if inside.exists() else package.parent / "expert_registry.json"


def package_data() -> Path:
    """Keep-sets, demo files and schemas that ship inside the package."""
    return Path(__file__).parent / "data"
