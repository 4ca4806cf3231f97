"""One check: a copy of the folder, the user's command in it, and what it says."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.actions.check.configured import Check
from lsp_experts.actions.check.copying import copy_tree
from lsp_experts.actions.check.errors import CheckError, errors_in
from lsp_experts.actions.check.running import run_command


@dataclass(frozen=True)
class Verdict:
    """How a check ended. `code` None: it took too long. `output`: its tail."""

    check: Check
    code: int | None
    seconds: float
    errors: tuple[CheckError, ...]
    output: str

    @property
    def passed(self) -> bool:
        """Whether the command was content."""
        return self.code == 0

    @property
    def told(self) -> str:
        """The outcome in a few words."""
        if self.passed:
            return "passed"
        if self.code is None:
            return f"took more than {self.check.timeout_s:.0f} s and was ended"
        how = f"failed with exit code {self.code}" if self.code >= 0 else f"was ended by signal {-self.code}"
        errors = f", {len(self.errors)} error{'s' if len(self.errors) > 1 else ''} found" if self.errors else ""
        return how + errors


async def carried_out(check: Check, texts: Mapping[str, str]) -> Verdict:
    """Run `check` with `texts` (by path in its folder) instead of what is saved there; the folder is not touched.

    ActionRefused where it cannot be copied or started. Cancelled, it leaves neither processes nor files.
    """
    target = _private_folder()  # not in a thread: cancelled there, nobody would delete it
    try:
        known = await _copied(check.folder, target, texts)
        ran = await run_command(check.command, target, check.timeout_s)
        errors = errors_in(ran.output, (str(target), str(check.folder)), known)
        return Verdict(check, ran.code, ran.seconds, () if ran.code == 0 else errors, ran.output)
    finally:
        # Links are deleted, not what they lead to. What a command made unreadable stays, in a private folder.
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, target, ignore_errors=True))


def _private_folder() -> Path:
    return Path(os.path.realpath(tempfile.mkdtemp(prefix="lsp-experts-check-")))  # 0700


async def _copied(folder: Path, target: Path, texts: Mapping[str, str]) -> frozenset[str]:
    stop = threading.Event()
    copying = asyncio.ensure_future(asyncio.to_thread(copy_tree, folder, target, texts, stop.is_set))
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(copying, return_exceptions=True)  # nothing may be written after the folder is deleted
        raise
