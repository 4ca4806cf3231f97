"""What the workspace's project files depend on: package.json, pyproject.toml, go.mod and their like. Bounded, and read
only where workspace_folder.py allows it; links are not followed.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from types import MappingProxyType

from lsp_experts.server.workspace_folder import WorkspaceFolder
from lsp_experts.settings import Settings

MAX_FILES = 64  # project files that are read
MAX_NAMES = 2000  # dependencies that are kept, of all of them
_MAX_NAME_CHARS = 200
_MAX_FOLDERS = 400  # looked at for project files
_MAX_ENTRIES = 2000  # of one folder
_MAX_DEPTH = 3  # of folders below the workspace's: packages/web/package.json
_NOT_OURS = frozenset({"node_modules", "vendor", "target", "dist", "build", "venv", "site-packages"})

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_GO_REQUIRE = re.compile(r"^\s*(?:require\s+)?([\w.~-]+\.[\w.~-]+/[^\s\"]{1,200})\s+v\d", re.MULTILINE)
_GEM = re.compile(r"""^\s*gem[\s(]+["']([\w.-]{1,200})["']""", re.MULTILINE)
_NUGET = re.compile(r"""<PackageReference\s[^>]{0,200}?Include\s*=\s*["']([\w.-]{1,200})["']""", re.IGNORECASE)


def frameworks(folder: WorkspaceFolder, settings: Settings) -> frozenset[str]:
    """The packages that the project files of a folder, and of those some levels below it, depend on.

    Named as the files name them; at most MAX_NAMES of MAX_FILES files. It reads the disk: for a thread.
    """
    found: dict[str, None] = {}
    for path in islice(_project_files(folder), MAX_FILES):
        text = folder.text(path) if folder.stamp(path, settings) is not None else None
        found.update(dict.fromkeys(dependencies(posixpath.basename(path), text or "")))
    return frozenset(islice(found, MAX_NAMES))


def dependencies(name: str, text: str) -> tuple[str, ...]:
    """What a project file called `name` says that it depends on; empty for other files and for nonsense."""
    named = _reader(name)
    names = named(text) if named is not None else ()
    return tuple(dict.fromkeys(each for each in names if 0 < len(each) <= _MAX_NAME_CHARS))


# -- which files ------------------------------------------------------------------------------------------------------


def _project_files(folder: WorkspaceFolder) -> Iterator[str]:
    """The nearest first."""
    waiting, seen = deque([""]), 0
    while waiting and seen < _MAX_FOLDERS:
        at = waiting.popleft()
        seen += 1
        for entry in _entries(folder, at):
            path = posixpath.join(at, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if path.count("/") < _MAX_DEPTH and entry.name not in _NOT_OURS and not entry.name.startswith("."):
                    waiting.append(path)
            elif entry.is_file(follow_symlinks=False) and _reader(entry.name) is not None:
                yield path


def _entries(folder: WorkspaceFolder, at: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder.path / at) as entries:
            return sorted(islice(entries, _MAX_ENTRIES), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []


# -- what they say ----------------------------------------------------------------------------------------------------

_Reader = Callable[[str], Iterable[str]]


def _reader(name: str) -> _Reader | None:
    return next((named for pattern, named in _READERS.items() if fnmatchcase(name.lower(), pattern)), None)


def _package_json(text: str) -> Iterator[str]:
    document = _json(text)
    for table in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        yield from _keys(document, table)


def _composer_json(text: str) -> Iterator[str]:
    document = _json(text)
    yield from (*_keys(document, "require"), *_keys(document, "require-dev"))


def _pyproject(text: str) -> Iterator[str]:
    document = _toml(text)
    project, poetry = _table(document, "project"), _table(_table(document, "tool"), "poetry")
    groups = (_table(project, "optional-dependencies"), _table(document, "dependency-groups"))
    for listed in (project.get("dependencies"), *(each for group in groups for each in group.values())):
        yield from _requirements(line for line in listed if isinstance(line, str)) if isinstance(listed, list) else ()
    yield from (*_keys(poetry, "dependencies"), *_keys(poetry, "dev-dependencies"))
    for group in _tables(_table(poetry, "group")):
        yield from _keys(group, "dependencies")


def _requirements_txt(text: str) -> Iterator[str]:
    yield from _requirements(text.splitlines())


def _requirements(lines: Iterable[str]) -> Iterator[str]:
    """The names that lines of PEP 508 begin with; options and addresses have none."""
    for line in lines:
        found = _REQUIREMENT.match(line.strip())
        if found and not line.strip()[found.end() :].startswith((":", "/")):
            yield found.group()


def _cargo(text: str) -> Iterator[str]:
    document = _toml(text)
    for parent in (document, _table(document, "workspace"), *_tables(_table(document, "target"))):
        for table in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from _keys(parent, table)


def _found_by(pattern: re.Pattern[str]) -> _Reader:
    return lambda text: (found.group(1) for found in pattern.finditer(text))


_READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        "package.json": _package_json,
        "composer.json": _composer_json,
        "pyproject.toml": _pyproject,
        "requirements*.txt": _requirements_txt,
        "cargo.toml": _cargo,
        "go.mod": _found_by(_GO_REQUIRE),
        "gemfile": _found_by(_GEM),
        "*.csproj": _found_by(_NUGET),
    }
)


# -- documents of which nothing is certain ----------------------------------------------------------------------------


def _json(text: str) -> Mapping[str, object]:
    try:
        return _as_table(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _as_table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _table(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    return _as_table(parent.get(name))


def _tables(parent: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    return (_as_table(value) for value in parent.values())


def _keys(parent: Mapping[str, object], name: str) -> tuple[str, ...]:
    return tuple(_table(parent, name))
