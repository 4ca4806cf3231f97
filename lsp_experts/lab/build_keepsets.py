"""Builds the shipped keep-sets: `python -m lsp_experts.lab.build_keepsets --base BASE.gguf --cache DIR`.

Fetches the packages of data/keepsets/corpora.toml (about 600 MB), counts the base's tokens in them through the engine,
writes data/keepsets/<language>.keep and, in coverage.json, what a cut to each set would miss in held-out packages.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import ExpertsError
from lsp_experts.lab.carving import keepset
from lsp_experts.lab.carving.carve_check import load_exactly
from lsp_experts.lab.carving.keepset import Corpus, Header
from lsp_experts.lab.carving.tied_tables import shared_table
from lsp_experts.lab.carving.vocabulary_cut import carved_bytes, plan
from lsp_experts.lab.corpus import SUFFIXES, Tokenize, count_tokens, in_skipped_folder, languages_of, readable
from lsp_experts.lab.corpus_packages import Table, fetch, members, read_table
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import NORMAL, Vocabulary, read_vocabulary
from lsp_experts.lab.open_engine import open_engine, tokenizer
from lsp_experts.paths import default_paths

MAX_KEPT = 44_000  # tokens of one set, before common ASCII and the user's workspace
PACKAGE_CHARS = 2_500_000  # of one package for one language, so that none speaks for all
LANGUAGE_CHARS = 40_000_000


@dataclass
class Tally:
    """Tokens of one language: how often each was seen, in how many packages, and in what was held out."""

    size: int
    seen: NDArray[np.int64] = field(init=False)
    packages: NDArray[np.int64] = field(init=False)
    held_out: NDArray[np.int64] = field(init=False)
    corpora: list[Corpus] = field(default_factory=list)
    chars: int = 0

    def __post_init__(self) -> None:
        self.seen, self.packages, self.held_out = (np.zeros(self.size, np.int64) for _ in range(3))

    def add(self, package: Corpus, counts: NDArray[np.int64], chars: int) -> None:
        """Count one package."""
        self.seen += counts
        self.packages += counts > 0
        self.corpora.append(package)
        self.chars += chars


def choose(tally: Tally, limit: int) -> NDArray[np.int64]:
    """The tokens to keep: those that the most packages use come first, then the most frequent ones."""
    order = np.lexsort((np.arange(tally.size), -tally.seen, -tally.packages))
    used = order[tally.seen[order] > 0]
    return np.sort(used[:limit])


def sample(archive: Path, languages: Sequence[str]) -> dict[str, list[str]]:
    """Texts of an archive by language, at most PACKAGE_CHARS each, chosen by the hash of their path."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, data in members(archive):
        if in_skipped_folder(name):
            continue
        wanted = [language for language in languages_of(name, data[:4096]) if language in languages]
        text = readable(data) if wanted else None
        for language in wanted if text is not None else ():
            found[language].append((hashlib.sha256(name.encode()).hexdigest(), text or ""))
    return {language: list(_first_chars(sorted(texts))) for language, texts in found.items()}


def _first_chars(texts: list[tuple[str, str]]) -> Iterator[str]:
    room = PACKAGE_CHARS
    for _, text in texts:
        if len(text) <= room:
            room -= len(text)
            yield text


async def tally_packages(
    table: Table, cache: Path, languages: Sequence[str], tokenize: Tokenize, vocabulary: Vocabulary
) -> dict[str, Tally]:
    """Fetch and count every package."""
    tallies = {language: Tally(len(vocabulary)) for language in languages}
    for index, package in enumerate(table.packages, 1):
        texts = sample(fetch(package, cache), languages)
        told = []
        for language in sorted(texts):
            tally, chars = tallies[language], sum(map(len, texts[language]))
            held = package.name in table.held_out.get(language, ())
            if not held and tally.chars + chars > LANGUAGE_CHARS:
                continue
            counts = await count_tokens(tokenize, texts[language], len(vocabulary))
            if held:
                tally.held_out += counts
            else:
                tally.add(package, counts, chars)
            told.append(f"{language} {chars / 1e6:.1f} MB{' held out' if held else ''}")
        print(f"{index}/{len(table.packages)} {package.name}: {', '.join(told)}", file=sys.stderr, flush=True)
    return tallies


def coverage(base: GgufFile, vocabulary: Vocabulary, tally: Tally, keep: keepset.KeepSet) -> dict[str, Any]:
    """What the set covers, and what a file carved with it alone would be."""
    kept = plan(vocabulary, keep, ())
    mask = np.zeros(len(vocabulary), np.bool_)
    mask[kept] = True
    total = int(tally.held_out.sum())
    names = sum(len(token) + 12 for i, token in enumerate(vocabulary.tokens) if mask[i])
    names += sum(len(merge) + 8 for merge in vocabulary.kept_merges(mask))
    size = carved_bytes(base, kept, shared_table(base)) + names
    return {
        "corpus_mb": round(tally.chars / 1e6, 1),
        "tokens_seen": int((tally.seen > 0).sum()),
        "keep_set": keep.header.count,
        "kept_rows": len(kept),
        "carved_mb": round(size / 1e6, 1),
        "ratio_to_base": round(size / base.file_bytes, 3),
        "held_out_tokens": total,
        "held_out_miss_percent": round(100 * int(tally.held_out[~mask].sum()) / total, 2) if total else None,
    }


async def build(base_path: Path, cache: Path, target: Path, languages: Sequence[str]) -> None:
    """Write the keep-sets of `languages` and coverage.json into `target`."""
    table = read_table(keepset.folder() / "corpora.toml")
    with GgufFile(base_path) as base:
        vocabulary = read_vocabulary(base)
        async with open_engine(default_paths()) as engine:
            await load_exactly(engine, "base", base_path)
            tallies = await tally_packages(table, cache, languages, tokenizer(engine, "base"), vocabulary)
        report_path = target / "coverage.json"
        report = json.loads(report_path.read_text("utf-8")) if report_path.exists() else {}
        for language, tally in tallies.items():
            tally.seen[vocabulary.types != NORMAL] = 0
            ids = choose(tally, MAX_KEPT)
            header = Header(
                language=language,
                tokenizer=vocabulary.identity,
                tokenizer_name=base.string("tokenizer.ggml.pre") or "",
                size=int(np.flatnonzero(vocabulary.types == NORMAL)[-1]) + 1,
                count=len(ids),
                corpora=tuple(sorted(tally.corpora, key=lambda corpus: (corpus.source, corpus.name))),
            )
            data = keepset.encode(header, ids)
            (target / f"{language}.keep").write_bytes(data)
            held = list(table.held_out.get(language, ()))
            decoded = keepset.decode(data, language)
            report[language] = {**coverage(base, vocabulary, tally, decoded), "held_out": held}
        report_path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The script; 0, or 1 with one sentence on what failed."""
    parser = argparse.ArgumentParser(prog="python -m lsp_experts.lab.build_keepsets", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the GGUF whose tokenizer the sets are for")
    parser.add_argument("--cache", type=Path, required=True, help="where downloaded packages are kept")
    parser.add_argument("--target", type=Path, default=keepset.folder(), help="where the sets are written")
    parser.add_argument("--language", action="append", choices=sorted(SUFFIXES), help="only this one (repeatable)")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(build(options.base, options.cache, options.target, options.language or sorted(SUFFIXES)))
    except ExpertsError as error:
        print(f"build_keepsets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
