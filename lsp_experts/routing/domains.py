"""Which domains a document belongs to, by the signs that entries of the registry name. Pure: no clock, no IO."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence

from pathspec import GitIgnoreSpec

from lsp_experts.registry.entry import Domain, Entry
from lsp_experts.routing.modules import modules
from lsp_experts.syntax.gitignore import ignore_rules
from lsp_experts.syntax.tree import MAX_CHARS, SyntaxTree

# How strong a sign is: what the document itself does counts for more than where it lies.
IMPORT, MARK, FILE, FRAMEWORK = 4, 3, 2, 1


def domains_of(
    experts: Iterable[Entry], language: str, tree: SyntaxTree, path: str, frameworks: Collection[str] = ()
) -> dict[str, int]:
    """The domains of a document, with the rank of the strongest sign of each: IMPORT, MARK, FILE or FRAMEWORK.

    Only domains of those `experts` that are made for `language`. `tree` is the document's; `path` its path in the
    workspace with `/`, its name where it is in none; `frameworks` are what the workspace's project files depend on. Of
    a text of more than MAX_CHARS the beginning counts. The tree is asked only where an expert's domain has imports.
    """
    wanted = [each.domain for each in experts if each.domain is not None and {language, "*"} & set(each.languages)]
    imported = modules(tree) if any(domain.imports for domain in wanted) else ()
    found: dict[str, int] = {}
    for domain in wanted:
        rank = _strongest(domain, imported, tree.text, path, frameworks)
        if rank > found.get(domain.name, 0):
            found[domain.name] = rank
    return found


def names(sign: str, name: str) -> bool:
    """Whether a sign of an entry means the module or package `name`: it, or one that it is above.

    "torch" means torch.nn, "cuda_runtime" cuda_runtime.h, "@angular" @angular/core, "tokio" tokio::net. Capitals make
    no difference, nor does "_" for "-".
    """
    return _above(_plain(sign), _plain(name))


def _strongest(domain: Domain, imported: Sequence[str], text: str, path: str, frameworks: Collection[str]) -> int:
    if _any_named(domain.imports, imported):
        return IMPORT
    if any(text.find(mark, 0, MAX_CHARS) >= 0 for mark in domain.marks):
        return MARK
    if path and domain.files and _patterns(domain.files).match_file(path):
        return FILE
    return FRAMEWORK if _any_named(domain.frameworks, frameworks) else 0


def _any_named(signs: Iterable[str], given: Collection[str]) -> bool:
    plain = tuple(map(_plain, signs))
    return any(_above(sign, name) for name in map(_plain, given) if name.startswith(plain) for sign in plain)


@functools.lru_cache(maxsize=256)
def _patterns(files: tuple[str, ...]) -> GitIgnoreSpec:
    return ignore_rules("\n".join(files))


def _above(sign: str, name: str) -> bool:
    return name == sign or (name.startswith(sign) and name[len(sign)] in "./\\:")


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")
