"""A package's releases as a git history, for where only its index can be reached:

    python -m lsp_experts.lab.package_history NAME OUT --versions 1.0,1.1,2.0 [--kind wheel|npm] [--python 3.14]

One commit and one tag for each release, with the files of code that its archive holds; nothing is installed or run. The
same archives give the same commits. A release is many commits at once, so "lines added since REV" are what whole months
of work added.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lsp_experts.errors import CarveError, ExpertsError, UsageError
from lsp_experts.lab.carving.keepset import Corpus
from lsp_experts.lab.corpus_packages import code_files, fetch
from lsp_experts.paths import default_paths

BRANCH = "releases"
_AUTHOR = "release <release@localhost>"
_TIMEOUT_S = 600


def write_history(name: str, releases: Sequence[tuple[str, Path]], out: Path) -> None:
    """A repository `out` of (version, archive) in this order, checked out at the last one.

    UsageError where `out` is there already; CarveError where an archive or git fails, and then there is no `out`.
    """
    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Name a folder that is not there yet.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / "repository"
        folder.mkdir()
        _git(folder, ["init", "--quiet", "--template=", f"--initial-branch={BRANCH}"])
        _git(folder, ["fast-import", "--quiet", "--date-format=raw"], _stream(name, releases))
        _git(folder, ["reset", "--quiet", "--hard", BRANCH])
        folder.rename(out)


def date_s(archive: Path) -> int:
    """When the newest member of an archive was changed: seconds since 1970, UTC. npm gives all of them one old date."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            newest = max((info.date_time for info in wheel.infolist()), default=(1980, 1, 1, 0, 0, 0))
        return int(datetime(*newest, tzinfo=UTC).timestamp())
    with tarfile.open(archive) as tar:
        return int(max((member.mtime for member in tar), default=0))


def _stream(name: str, releases: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    """The input of git fast-import; dates ascend, whatever the archives say."""
    when_s = 0
    for version, archive in releases:
        files = list(code_files(archive))
        when_s = max(date_s(archive), when_s + 1)
        said = f"{name} {version}\n".encode()
        yield f"commit refs/heads/{BRANCH}\ncommitter {_AUTHOR} {when_s} +0000\ndata {len(said)}\n".encode() + said
        yield b"deleteall\n"
        for path, text in files:
            data = text.encode()
            yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
        yield f"reset refs/tags/{version}\nfrom refs/heads/{BRANCH}\n\n".encode()


def _git(folder: Path, arguments: Sequence[str], said: Iterable[bytes] = ()) -> None:
    """Run git on a repository of ours, with nobody's configuration."""
    command = ("git", *arguments)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    bare = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    with tempfile.TemporaryFile() as stdin:
        stdin.writelines(said)
        stdin.seek(0)
        try:
            subprocess.run(
                command, cwd=folder, env=kept | bare, stdin=stdin, capture_output=True, text=True,
                timeout=_TIMEOUT_S, check=True,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            raise CarveError(f"git {arguments[0]} failed: {error.stderr.strip()[-300:]}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise CarveError(f"git could not be run: {error}.", remedy="Install git.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """The script; 0, or 1 with one sentence on what failed."""
    parser = argparse.ArgumentParser(prog="python -m lsp_experts.lab.package_history", description=__doc__)
    parser.add_argument("name", help="of the package, as its index spells it")
    parser.add_argument("out", type=Path, help="the repository to make")
    parser.add_argument("--versions", required=True, help="releases, the oldest first, with commas between them")
    parser.add_argument("--kind", choices=("wheel", "npm"), default="wheel")
    parser.add_argument("--python", default="", help="the Python that the wheels are for (default: this one)")
    parser.add_argument("--cache", type=Path, default=default_paths().data / "packages", help="keeps what was fetched")
    options = parser.parse_args(arguments)
    versions = [each for each in options.versions.split(",") if each]
    try:
        releases = [
            (version, fetch(Corpus(options.name, version, "", options.kind), options.cache, options.python))
            for version in versions
        ]
        write_history(options.name, releases, options.out)
    except ExpertsError as error:
        print(f"package_history: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {len(versions)} releases of {options.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
