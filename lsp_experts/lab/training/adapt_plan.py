"""What an adapter will be: over which base, trained on which texts, judged at which places. Nothing is written here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.errors import AdaptError, NotInstalled, UsageError
from lsp_experts.lab.evaluation.changed_lines import changed_lines, split_commit
from lsp_experts.lab.evaluation.eval_cases import eval_cases
from lsp_experts.lab.evaluation.verdict import LEAST_FILES
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.git_history import commit_of, git_bytes
from lsp_experts.lab.replay_cases import Case, SourceFile, source_files
from lsp_experts.lab.training.adapt_state import key_of
from lsp_experts.lab.training.model_weights import Shape, read_shape
from lsp_experts.lab.training.training_texts import TrainingTexts, divided, files_at, main_language, training_texts
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Installed, Store
from lsp_experts.routing.chain import chain
from lsp_experts.routing.languages import language_of

PASSES = 2  # over the texts, where the user says nothing
DEFAULT_MINUTES = 120.0
_SEED = 7


@dataclass(frozen=True)
class AdaptOrder:
    """What a user asks for; "" and None leave it to us. `limit`: cases to judge by."""

    folder: Path
    base: str = ""
    language: str = ""
    expert_id: str = ""
    minutes: float | None = None
    tokens: int | None = None
    rank: int = 16
    learning_rate: float = 5e-4
    limit: int = 200
    refresh: bool = False
    keep: Path | None = None  # the adapter is copied there, whatever becomes of it

    @property
    def most_minutes(self) -> float:
        """After which training ends; a number of tokens has all the time it takes."""
        return self.minutes or (DEFAULT_MINUTES if self.tokens is None else math.inf)


@dataclass(frozen=True)
class Target:
    """What is trained. `start`: the installed adapter whose weights are gone on from."""

    expert_id: str
    base: Entry
    base_file: Installed
    shape: Shape
    languages: tuple[str, ...]  # the one that decides comes first
    file_languages: frozenset[str]  # an editor's ids of the files: typescriptreact ones are in typescript
    rank: int
    start: Installed | None
    key: str  # of the training: a stopped one goes on if it is the same


@dataclass(frozen=True)
class Material:
    """On what it is trained, and by what it is judged."""

    split: str  # the commit that the texts are of; "" without a history
    texts: TrainingTexts
    cases: tuple[Case, ...]
    judged_files: int  # that have cases of the language that decides


@dataclass(frozen=True)
class Plan(Target, Material):
    """All that training and judging need."""


def plan(
    order: AdaptOrder, catalogue: Catalogue, store: Store, expert_id: str, began_with: Callable[[str], str | None]
) -> Plan | None:
    """The plan; None if a refresh finds no history that it has not seen and could be judged by.

    `began_with(key)`: the commit that an earlier, stopped training of the same key was split at.
    UsageError, UnknownExpert, NotInstalled, ModelRejected; AdaptError for a base that cannot be trained.
    """
    files = source_files(order.folder)
    target = _target(order, catalogue, store, expert_id, files)
    of_languages = [file for file in files if file.language in target.file_languages]
    began = began_with(target.key)
    seen = target.start.provenance["commit"] if target.start else ""
    material = None
    if seen or target.start is None:
        material = _by_history(order, target, of_languages, _split(order.folder, began), seen)
        if material is None and seen:
            return None
    material = material or _by_files(order, target, of_languages)  # the same files as before, where it goes on
    if not material.texts.files or material.judged_files < LEAST_FILES:
        raise UsageError(
            f"{order.folder} has too little {target.languages[0]}: {len(material.texts.files)} files to train on and"
            f" {material.judged_files} to judge by, where {LEAST_FILES} are needed.",
            remedy="Give a larger folder; what is generated, looks secret or is a copy does not count.",
        )
    return Plan(**vars(target), **vars(material))


def _target(
    order: AdaptOrder, catalogue: Catalogue, store: Store, expert_id: str, files: Sequence[SourceFile]
) -> Target:
    start = _installed_adapter(store, expert_id) if order.refresh else None
    language = order.language or (start.provenance["language"] if start else main_language(files))
    kin = {file.language for file in files if _spoken(file.language) == _spoken(language)}
    if not kin:
        raise UsageError(
            f"{order.folder} has no code{f' of {language}' if language else ''} to learn from.",
            remedy="Give a folder with code that people wrote.",
        )
    base = _base(order.base or (start.provenance["base_id"] if start else ""), language, catalogue, store)
    base_file = store.check(base.id)
    if start is not None and start.provenance["base_sha256"] != base_file.sha256:
        raise AdaptError(f"{expert_id} is not over the {base.id} that is installed.", remedy=_ANEW)
    with GgufFile(base_file.path) as file:
        shape = read_shape(file)
    spoken = _spoken(language)
    languages = tuple(dict.fromkeys((spoken, *(base.languages if spoken in base.languages else ()))))
    rank = int(start.provenance["rank"]) if start else order.rank
    about = (expert_id, str(order.folder.resolve()), base_file.sha256, str(rank), start.sha256 if start else "")
    key = key_of(*about, *languages)
    return Target(expert_id, base, base_file, shape, languages, frozenset(kin | {*languages}), rank, start, key)


def _spoken(language: str) -> str:
    """The language that cases in files of an editor's `language` are of."""
    return language_of("", language, Catalogue({}, {}))


def _split(folder: Path, began: str | None) -> str:
    """The commit `began` that a stopped training was split at; where history was rewritten since, one of it."""
    try:
        return commit_of(folder, began) if began else split_commit(folder) if began is None else began
    except UsageError:
        return split_commit(folder)


def _by_history(
    order: AdaptOrder, target: Target, files: Sequence[SourceFile], split: str, seen: str
) -> Material | None:
    """The code of the commit `split`, judged by what was written since; None if that is too little."""
    if not split or split == seen:
        return None
    cases = eval_cases(files, order.limit, _SEED, target.languages, changed_lines(order.folder, split))
    found = _since(order.folder, seen, split) if seen else files_at(order.folder, split)
    material = Material(split, training_texts(found, target.file_languages), cases, _judged_files(cases, target))
    return material if material.judged_files >= LEAST_FILES else None


def _by_files(order: AdaptOrder, target: Target, files: Sequence[SourceFile]) -> Material:
    learnt, judged = divided(files)
    found = ((file.path, file.text.encode()) for file in learnt)
    cases = eval_cases(judged, order.limit, _SEED, target.languages)
    return Material("", training_texts(found, target.file_languages, judged), cases, _judged_files(cases, target))


def _judged_files(cases: Sequence[Case], target: Target) -> int:
    return len({case.path for case in cases if case.language == target.languages[0]})


def adapter_id(order: AdaptOrder) -> str:
    """The id of the result where the order names none: it needs the language, so the files are looked at."""
    if order.expert_id:
        return order.expert_id
    language = order.language or main_language(source_files(order.folder))
    if not language:
        raise UsageError(f"{order.folder} has no code to learn from.", remedy="Give a folder with code.")
    return f"{language}-adapted"


def _installed_adapter(store: Store, expert_id: str) -> Installed:
    installed = store.check(expert_id)
    if not {"language", "base_id", "base_sha256", "rank", "commit"} <= installed.provenance.keys():
        raise AdaptError(f"{expert_id} was not trained here, so it cannot be gone on with.", remedy=_ANEW)
    return installed


def _base(wanted: str, language: str, catalogue: Catalogue, store: Store) -> Entry:
    """The expert `wanted`, else the one that answers in the language now; of an adapter, its base."""
    if wanted:
        entry = catalogue.get(wanted)
    else:
        candidates = chain(catalogue, language, store.installed()).candidates
        if not candidates:
            raise NotInstalled(f"No expert for {language} is installed.", remedy="Pull or carve one, or give --base.")
        entry = catalogue.get(candidates[0].expert)
    return catalogue.get(entry.base) if entry.kind == "adapter" and entry.base else entry


def _since(folder: Path, seen: str, split: str) -> Iterator[tuple[Path, bytes]]:
    """What changed between two commits, and as many other files, so that what they taught is not forgotten."""
    try:
        listed = git_bytes(
            folder, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", seen, split
        )
    except UsageError as error:
        raise AdaptError(f"The history does not have the last commit seen, {seen[:12]}.", remedy=_ANEW) from error
    changed = {folder / name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name}
    found = list(files_at(folder, split))
    yield from (each for each in found if each[0] in changed)
    others = [each for each in found if each[0] not in changed]
    yield from random.Random(split).sample(others, min(len(others), len(found) - len(others)))


_ANEW = "Train it anew, without --refresh."
