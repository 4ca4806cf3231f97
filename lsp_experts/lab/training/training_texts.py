"""What an adapter is trained on: the code of a folder as people wrote it, each text once, nothing that looks secret.

Where there is git, the files of one commit, so that later ones can judge; else the files that are there, but for a
tenth of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_experts.completion.key_material import key_material
from lsp_experts.lab.corpus import MAX_FILE_BYTES, in_skipped_folder, languages_of
from lsp_experts.lab.git_history import git_bytes
from lsp_experts.lab.replay_cases import SourceFile, source_file
from lsp_experts.lab.training.near_duplicates import SeenTexts

HELD_OUT_SHARE = 0.1  # of the files, where no history divides them
LEAST_HELD_OUT = 12
_WATCHED_SHARE = 0.05
_BLOBS = 200  # files in one question to git
_REGULAR = (b"100644", b"100755")


@dataclass(frozen=True)
class LeftOut:
    """Files of the languages that are not trained on, by reason."""

    unusable: int = 0  # binary, generated, minified, too large, or a name that secrets have
    secrets: int = 0  # with something in them that looks like a key
    copies: int = 0  # of a text that is there, or that is held out, exactly or nearly


@dataclass(frozen=True)
class TrainingTexts:
    """`files` are trained on; `watched` are not: their loss shows how the training goes."""

    files: tuple[SourceFile, ...]
    watched: tuple[SourceFile, ...]
    left_out: LeftOut

    @property
    def characters(self) -> int:
        """Of what is trained on."""
        return sum(len(file.text) for file in self.files)


def main_language(files: Iterable[SourceFile]) -> str:
    """The language with most code, "" without files."""
    chars: Counter[str] = Counter()
    for file in files:
        chars[file.language] += len(file.text)
    return max(sorted(chars), key=lambda language: chars[language], default="")


def training_texts(
    found: Iterable[tuple[Path, bytes]], languages: Collection[str], held_out: Sequence[SourceFile] = ()
) -> TrainingTexts:
    """The texts of `languages` among `found`, (path, bytes) each; none that says nearly what one of `held_out` says."""
    seen = SeenTexts()
    for file in held_out:
        seen.is_new(file.text)
    files: list[SourceFile] = []
    left_out: Counter[str] = Counter()
    for path, data in found:
        source = source_file(path, data)
        if source is None:
            left_out["unusable"] += bool({*languages_of(path.name, data[:4096])} & {*languages})
        elif source.language not in languages:
            continue
        elif any(key_material(source.text)):
            left_out["secrets"] += 1
        elif not seen.is_new(source.text):
            left_out["copies"] += 1
        else:
            files.append(source)
    watched = set(_share_of(files, _WATCHED_SHARE, 1)) if len(files) > 1 else set()
    return TrainingTexts(
        tuple(file for file in files if file.path not in watched),
        tuple(file for file in files if file.path in watched),
        LeftOut(**left_out),
    )


def divided(files: Sequence[SourceFile]) -> tuple[tuple[SourceFile, ...], tuple[SourceFile, ...]]:
    """(to train on, to judge by) where no history divides them: the same files each time, whatever else is there.

    A tenth, at least LEAST_HELD_OUT files, but never more than a third.
    """
    least = min(LEAST_HELD_OUT, len(files) // 3)
    held_out = set(_share_of(files, HELD_OUT_SHARE, least))
    return (
        tuple(file for file in files if file.path not in held_out),
        tuple(file for file in files if file.path in held_out),
    )


def files_at(folder: Path, commit: str) -> Iterator[tuple[Path, bytes]]:
    """(path, bytes) of the code that `commit` has below `folder`, without dependencies, links and what is too large.

    UsageError if there is no such commit.
    """
    blobs: list[tuple[Path, str, int]] = []
    for entry in git_bytes(folder, "ls-tree", "-r", "-z", "-l", commit).split(b"\0")[:-1]:
        about, _, raw = entry.partition(b"\t")
        mode, _, sha, size = about.split()
        name = raw.decode("utf-8", "surrogateescape")
        if mode in _REGULAR and int(size) <= MAX_FILE_BYTES and _may_be_code(name):
            blobs.append((folder / name, sha.decode(), int(size)))
    for first in range(0, len(blobs), _BLOBS):
        yield from _contents(folder, blobs[first : first + _BLOBS])


def _may_be_code(name: str) -> bool:
    """Whether it is worth reading: what has no suffix may begin with #!."""
    return not in_skipped_folder(name) and (not PurePosixPath(name).suffix or bool(languages_of(name, b"")))


def _contents(folder: Path, blobs: Sequence[tuple[Path, str, int]]) -> Iterator[tuple[Path, bytes]]:
    """`git cat-file --batch`: a line "SHA blob SIZE", the bytes, a line break; in the order that was asked for."""
    asked = "".join(f"{sha}\n" for _, sha, _ in blobs).encode()
    answer = git_bytes(folder, "cat-file", "--batch", stdin=asked)
    at = 0
    for path, _, size in blobs:
        start = answer.index(b"\n", at) + 1
        at = start + size + 1
        yield path, answer[start : start + size]


def _share_of(files: Sequence[SourceFile], share: float, least: int) -> list[Path]:
    """The paths with the least hashes: a file is among them or not whatever else is there, but for the last ones."""
    ordered = sorted((file.path for file in files), key=_hash_of)
    return ordered[: max(least, round(share * len(files)))]


def _hash_of(path: Path) -> bytes:
    return hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).digest()
