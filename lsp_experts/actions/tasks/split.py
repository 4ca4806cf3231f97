"""An instruction as steps, by rule: a clause goes to the files that it names, by name, language or definition. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_experts.actions.tasks.clauses import Clause, clauses, file_names, names, words
from lsp_experts.routing.languages import language_named

MAX_STEPS = 8
_WORD = re.compile(r"[A-Za-z][\w+#]*")
# Languages whose names are words of their own: they count with a capital, and not before or behind these.
_ALSO_WORDS = frozenset({"go", "c", "r", "d", "h", "rust", "less", "swift", "dart", "shell", "dash", "make", "ruby"})
_NO_LANGUAGE_BEFORE = frozenset({"to", "through", "over", "on", "back", "with", "ahead"})
_NO_LANGUAGE_BEHIND = frozenset({"with", "by"})  # "Made with Go" is a text
_EVERYWHERE = re.compile(r"\b(?:everywhere|all of them|(?:all|both|each|every) (?:the )?files?)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:all|every|each|both|files|documents|pages|sheets)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A file that steps may go to. `path`: as people name it; `defines`: its definitions, a line each by name."""

    uri: str
    path: str
    language: str
    defines: tuple[tuple[str, str], ...] = ()
    named: bool = False  # the instruction names it
    creates: bool = False  # there is no such file yet
    refused: str = ""  # why no step can be done there

    @property
    def words(self) -> frozenset[str]:
        """What it is about, by its path and what it defines."""
        return words(" ".join((self.path, *(line for _, line in self.defines))))


@dataclass(frozen=True)
class Step:
    """What is to be done in one file."""

    uri: str
    instruction: str


def split(instruction: str, targets: Sequence[Target], current: str) -> tuple[Step, ...]:
    """The steps, in the order of the instruction.

    What names no file goes to the file that its sentence spoke of last, else to those of the sentence before; what
    stands before any file is named goes to all of them, and so does what says so.
    `targets`: the document used last first. `current`: the URI of what names no file at all.
    """
    steps: list[Step] = []
    sentences: dict[str, int] = {}  # of each file's last step
    leading: list[Clause] = []
    latest: list[str] = []  # the files of the last clause that names some
    for clause in clauses(instruction):
        uris = [target.uri for target in _meant(clause.text, targets)]
        if not uris and not steps:
            leading.append(clause)
            continue
        for uri in uris or _shared_by(clause, latest, sentences):
            if sentences.get(uri) == clause.sentence or not uris:
                _go_on(steps, uri, clause.text)
            else:
                steps.append(Step(uri, clause.text))
            if uris:
                sentences[uri] = clause.sentence
        latest = uris or latest
    if not steps:
        return (Step(current, instruction.strip()),)
    said = ". ".join(clause.text.rstrip(".") for clause in leading)
    return _bounded(_with_first(said, steps) if said else steps)


def is_sure(instruction: str, targets: Sequence[Target]) -> bool:
    """Whether every part of the instruction names its file, so that there is nothing to guess."""
    return all(_meant(clause.text, targets) for clause in clauses(instruction))


def _shared_by(clause: Clause, latest: Sequence[str], sentences: Mapping[str, int]) -> Sequence[str]:
    """The files that a clause without a name is for."""
    if _EVERYWHERE.search(clause.text):
        return tuple(sentences)
    newest = max(sentences.values())
    return latest if clause.sentence == newest else [uri for uri, of in sentences.items() if of == newest]


def _go_on(steps: list[Step], uri: str, text: str) -> None:
    """Add to the last step of this file."""
    at = max(index for index, step in enumerate(steps) if step.uri == uri)
    steps[at] = Step(uri, f"{steps[at].instruction.rstrip('.')}. {text}")


def _with_first(said: str, steps: Sequence[Step]) -> list[Step]:
    """`said` before the first step of each file."""
    met: set[str] = set()
    result: list[Step] = []
    for step in steps:
        result.append(step if step.uri in met else Step(step.uri, f"{said}. {step.instruction}"))
        met.add(step.uri)
    return result


def _bounded(steps: Sequence[Step]) -> tuple[Step, ...]:
    """At most MAX_STEPS where one for each file can say it all."""
    if len(steps) <= MAX_STEPS:
        return tuple(steps)
    together: dict[str, str] = {}
    for step in steps:
        before = together.get(step.uri)
        together[step.uri] = f"{before}. {step.instruction}" if before else step.instruction
    return tuple(Step(uri, told) for uri, told in together.items())


def _meant(text: str, targets: Sequence[Target]) -> list[Target]:
    """The files that a clause is for: those it names; else those of the languages, and of the definitions, it names."""
    spoken = {name.lower() for name in file_names(text)}
    by_name = [target for target in targets if target.named and any(_is(target, name) for name in spoken)]
    if by_name:
        return by_name
    by_language = [target for language in _languages(text, targets) for target in _of(language, text, targets)]
    if by_language:
        return list(dict.fromkeys(by_language))
    asked = names(text)
    return [target for target in targets if any(name in asked for name, _ in target.defines)]


def _is(target: Target, name: str) -> bool:
    return f"/{target.path.lower()}".endswith(f"/{name}")


def _languages(text: str, targets: Sequence[Target]) -> list[str]:
    """The languages of `targets` that the text names, in its order."""
    known = {target.language for target in targets}
    spoken = _WORD.findall(text)
    found: list[str] = []
    for index, word in enumerate(spoken):
        follows = spoken[index + 1].lower() if index + 1 < len(spoken) else ""
        precedes = spoken[index - 1].lower() if index else ""
        is_word = not word[0].isupper() or follows in _NO_LANGUAGE_BEFORE or precedes in _NO_LANGUAGE_BEHIND
        if word.lower() in _ALSO_WORDS and is_word:
            continue
        language = language_named(word)
        found += [each for each in (language, f"{language}react") if each in known]
    return list(dict.fromkeys(found))


def _of(language: str, text: str, targets: Sequence[Target]) -> list[Target]:
    """The documents of a language that are meant: all, if it says so, else the one that shares most words with it."""
    own = [target for target in targets if target.language == language and not target.creates]
    if len(own) <= 1 or _SEVERAL.search(text):
        return own
    said = words(text)
    return [max(own, key=lambda target: len(said & target.words))]  # of equals the one that was used last
