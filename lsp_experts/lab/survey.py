"""What a workspace is written in: how many files of which languages, and of which domains. Files are read, not kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.generated import left_alone
from lsp_experts.lab.corpus import MAX_FILE_BYTES, files_below, readable
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.domains import domains_of
from lsp_experts.routing.languages import language_of, syntax_of
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree

_MAX_FILES = 20_000  # counted
_MAX_READ = 500  # of one language, for their domains


@dataclass(frozen=True)
class Contents:
    """Files by language, the most first, and by language and domain."""

    languages: Mapping[str, int]
    domains: Mapping[tuple[str, str], int]


def survey(
    folder: Path, catalogue: Catalogue, frameworks: Collection[str], ignored: Callable[[str], object]
) -> Contents:
    """What is in `folder`, without dependencies, generated files, secrets and what .gitignore names.

    `ignored` says of a path in the folder, with `/`, whether other ignore files name it. `frameworks`: what its project
    files depend on. The first 20,000 files count, and for domains the first 500 of each language.
    """
    top = folder.absolute()
    languages, domains, read = Counter[str](), Counter[tuple[str, str]](), Counter[str]()
    special = [entry for entry in catalogue.entries.values() if entry.domain is not None and entry.kind != "remote"]
    for path in islice(files_below(top), _MAX_FILES):
        uri, inside = path.as_uri(), path.relative_to(top).as_posix()
        language = language_of(uri, "", catalogue)
        if language == "plaintext" or left_alone(uri, "") or excluded(uri, "", Settings()) or ignored(inside):
            continue
        languages[language] += 1
        if read[language] < _MAX_READ and any({language, "*"} & set(entry.languages) for entry in special):
            read[language] += 1
            tree = SyntaxTree(syntax_of(uri, "", catalogue), _text(path))
            domains.update((language, domain) for domain in domains_of(special, language, tree, inside, frameworks))
    return Contents(dict(languages.most_common()), dict(domains.most_common()))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return readable(file.read(MAX_FILE_BYTES + 1)) or ""
    except OSError:
        return ""  # gone meanwhile, or not ours to read
