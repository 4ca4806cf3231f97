"""What is kept of an adapter that is being trained, so that a stopped training goes on. No text of the user's code."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from lsp_experts.paths import Paths
from lsp_experts.registry.disk import disk_error, read_private, replace_private

_FILE = "adapting.json"


class AdaptState:
    """The folder of one adapter below the user's state: the trainer's checkpoint, its result, and what it is of."""

    def __init__(self, paths: Paths, expert_id: str) -> None:
        """`expert_id` must be a checked id: it becomes the folder's name."""
        self.folder = adapters_folder(paths) / expert_id

    @property
    def checkpoint(self) -> Path:
        """The trainer's."""
        return self.folder / "checkpoint.pt"

    @property
    def adapter(self) -> Path:
        """The trained adapter, until it is installed or refused."""
        return self.folder / "adapter.gguf"

    def split_of(self, key: str) -> str | None:
        """The commit that a training of this `key` began with, "" for one without git; None if there is none."""
        try:
            kept = json.loads(read_private(self.folder / _FILE))
            return str(kept["split"]) if kept["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # what cannot be read is begun anew

    def begin(self, key: str, split: str) -> None:
        """A training of `key` begins, or goes on; one of another key is forgotten. StoreError if the disk refuses."""
        if self.split_of(key) == split:
            return
        self.forget()
        try:
            replace_private(self.folder / _FILE, json.dumps({"key": key, "split": split}))
        except OSError as error:
            raise disk_error(error, self.folder) from error

    def forget(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def adapters_folder(paths: Paths) -> Path:
    """Where adapters lie that are being trained."""
    return paths.state / "adapt"


def key_of(*parts: str) -> str:
    """What tells one training from another, as a hash: a path among `parts` is not written down."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
