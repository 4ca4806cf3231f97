"""An instruction in the clauses that can go to files of their own, and the names that stand in it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARS = 4000  # of an instruction; a longer one is a document
_QUOTED = r"`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]{0,80}'(?!\w)"
_ITEM = re.compile(r"(?:^|\n)[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]+")
_SENTENCE = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<cut>(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=\S)|\n\s*)")
_VERBS = (
    "add|call|change|create|define|delete|display|fix|give|handle|import|include|link|load|log|make|move|print|put|read"
    "|remove|rename|render|replace|return|save|send|set|show|style|translate|update|use|write"
)
_DOES = re.compile(rf"\b(?:{_VERBS})\b")
_JOINT = re.compile(
    rf"(?P<quoted>{_QUOTED})|(?P<cut>\s*;\s*(?:and\s+)?"
    r"|,?\s+(?:and(?:\s+then|\s+also)?|then|but|while|as\s+well\s+as|plus)\s+"
    rf"|,\s+(?=(?:in|on|to|for|{_VERBS})\s+|[\w./-]+\.[A-Za-z]\w*\s))",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?<![\w@/.-])(?:[\w.-]+/)*[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,9}(?![\w/(])")
_NAMED = (
    re.compile(r"`([^`\n]+)`"),
    re.compile(r"\b([A-Za-z_$][\w$]*)\(\)"),
    re.compile(
        r"\b(?:function|func|method|class|struct|type|interface|def|const|constant|variable|component|table|view|rule"
        r"|selector|element|id|section|handler|macro|enum|trait|module)\s+[#.]?([A-Za-z_$][\w$-]*)"
    ),
    re.compile(
        rf"\b(?!(?:{_VERBS})\b)([A-Za-z_$][\w$]*)\s+(?:function|func|method|class|struct|component|selector|handler|table)\b"
    ),
    re.compile(r"\b((?:[a-z]+[A-Z]|[A-Z][a-z0-9]+[A-Z]|[A-Za-z0-9]+_)\w*)\b"),  # camelCase, snake_case
    re.compile(r"(?<![\w.])[.#]([a-z][\w-]*)(?![\w.(])"),  # .class and #id
)
_WORD = re.compile(r"[A-Za-z_][\w'-]*")
_DETERMINERS = frozenset({"the", "a", "an", "its", "their", "this", "that", "these", "all", "every", "both", "each"})
_SMALL = _DETERMINERS | {
    "in", "on", "to", "of", "for", "into", "from", "at", "with", "by", "inside", "within", "it", "them", "file",
    "files", "document", "documents", "page", "pages", "code", "please", "also", "too", "there",
}  # fmt: skip
_COMMON = frozenset(
    {
        "add", "and", "are", "but", "can", "change", "create", "has", "have", "make", "new", "not", "should", "show",
        "that", "then", "use", "when", "where", "which", "will", "write",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """A part of the instruction. `sentence` counts sentences and list items: what is in one belongs together."""

    text: str
    sentence: int


def clauses(instruction: str) -> tuple[Clause, ...]:
    """The clauses, in order. A part that is only a list's next noun stays with what it belongs to."""
    found: list[Clause] = []
    for number, sentence in enumerate(_sentences(instruction)):
        parts: list[str] = []
        for part, joint in _cut(_JOINT, sentence):
            if parts and (_continues(part) or _bare(parts[-1])):
                parts[-1] += joint + part
            else:
                parts.append(part)
        found += [Clause(text, number) for part in parts if (text := part.strip(" ,;\t\n")) and _WORD.search(text)]
    return tuple(found)


def file_names(text: str) -> tuple[str, ...]:
    """What may be names of files: with an ending, perhaps with folders; the reader knows which there are."""
    return tuple(dict.fromkeys(match.group().removeprefix("./") for match in _FILE.finditer(text)))


def names(text: str) -> frozenset[str]:
    """Identifiers that the text speaks of as such: quoted, called, with their kind, or spelled as no word is."""
    found = [match[1] for pattern in _NAMED for match in pattern.finditer(text)]
    return frozenset(name.strip().removesuffix("()").lstrip(".#") for name in found) - _SMALL - {""}


def words(text: str) -> frozenset[str]:
    """The words that say something, in lower case; of an identifier its parts."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_|-", " ", text)
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z]{3,}", apart)) - _SMALL - _COMMON


def _sentences(instruction: str) -> list[str]:
    text = instruction[:MAX_CHARS].replace("\r\n", "\n")
    items = _ITEM.split(text)
    return [sentence for item in items for sentence, _ in _cut(_SENTENCE, item) if sentence.strip()]


def _cut(pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """The parts of `text` between matches of `cut`, each with what stood before it; quotes are left whole."""
    parts: list[tuple[str, str]] = []
    start, joint = 0, ""
    for match in pattern.finditer(text):
        if match["cut"] is not None:
            parts.append((text[start : match.start()], joint))
            start, joint = match.end(), match["cut"]
    return [*parts, (text[start:], joint)]


def _continues(part: str) -> bool:
    """Whether it is no clause of its own: a noun of a list ("the Go handler"), or only a place ("in b.css")."""
    said = [word.lower() for word in _WORD.findall(_FILE.sub(" ", part))]
    content = [word for word in said if word not in _SMALL]
    first_is_noun = bool(said) and said[0] in _DETERMINERS and len(content) <= 2
    return not content or first_is_noun


def _bare(part: str) -> bool:
    """Whether it only says where: what is to be done there follows."""
    said = [word.lower() for word in _WORD.findall(_FILE.sub(" ", part))]
    content = [word for word in said if word not in _SMALL]
    return bool(said) and said[0] in _SMALL and len(content) <= 4 and not _DOES.search(" ".join(content))
