"""Reads the history of a user's repository with git, and runs nothing that the repository names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lsp_experts.errors import UsageError

_TIMEOUT_S = 60.0
# A repository's own configuration can name programs: none of them is run.
_GIT = (
    "git", "-c", "core.fsmonitor=false", "-c", "diff.external=", "-c", "log.showSignature=false",
    "-c", "core.quotePath=false",
)  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    """What git says in `folder`; UsageError, in words for people, where there is no git or no repository."""
    return git_bytes(folder, *arguments).decode("utf-8", "replace")


def commit_of(folder: Path, revision: str) -> str:
    """The full id of the commit that a user names. UsageError where there is none, or no git."""
    try:
        return git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    except UsageError:
        git(folder, "rev-parse", "--git-dir")  # says it, if there is no git or no repository
        raise UsageError(
            f"{folder} has no commit {revision!r:.80}.", remedy="Give a commit, a tag or a branch of its history."
        ) from None


def git_bytes(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """As git(), the bytes: for the content of files (`show REVISION:./PATH`)."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            (*_GIT, *arguments),
            cwd=folder,
            env=surroundings | quiet,
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed.", remedy="Install it to read a repository's history.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(
            f"git has no history for {folder}: {said[0] if said else error.returncode}.",
            remedy="Give a folder of a git repository.",
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"git could not read {folder}: {type(error).__name__}.", remedy="Try it by hand.") from None
    return done.stdout
