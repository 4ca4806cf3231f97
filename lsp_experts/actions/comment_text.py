"""A model's words as a comment that documents a function: marks stripped and written anew, untrue sections left out.

Pure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Sequence

from lsp_experts.completion.document import plain_newlines
from lsp_experts.syntax.documentation import Convention

_WIDTH = 100  # columns of a comment's line; a longer one is wrapped
_LONG_STYLES = frozenset(
    {"google", "numpy", "sphinx", "jsdoc", "javadoc", "kdoc", "phpdoc", "doxygen", "yard", "xmldoc"}
)
_HEADER = re.compile(r"\s*(?:Args|Arguments|Parameters|Returns?|Raises|Yields|Examples?|Notes?|Attributes):?\s*")
_PARAMETERS = re.compile(r"\s*(?:Args|Arguments|Parameters):?\s*")
_RULER = re.compile(r"\s*-{3,}\s*")
_NUMPY_ENTRY = re.compile(r"\s*(?P<name>\*{0,2}\w+)\s*(?::.*)?")
_GOOGLE_ENTRY = re.compile(r"\s*(?P<name>\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:.*")
_TAG = re.compile(
    r"\s*(?:[@\\]param(?:\[[\w,]+\])?\s+(?:\{[^}]*\}\s*)?(?:[\w\\|?<>\[\]]+\s+(?=\$))?\[?(?P<at>\$?[\w.]+)"
    r"|:param\s+(?:[\w\[\], |.]+\s+)?(?P<colon>\*{0,2}\w+):|:type\s+(?P<type>\w+):"
    r"|<param name=\"(?P<xml>\w+)\")"
)
_ANY_TAG = re.compile(r"\s*(?:[@\\][a-z]|:\w+.*:|<\w)")


def may_have_sections(convention: Convention) -> bool:
    """Whether a comment in this style says more than one paragraph."""
    return convention.style in _LONG_STYLES


def words_of(answer: str, convention: Convention, parameters: Collection[str]) -> tuple[str, ...]:
    """The lines that the answer says, without marks: up to where the comment ends, or its first paragraph where the
    style has no sections. What it says of parameters that are not among `parameters` is left out.
    """
    lines = _trimmed(list(_unmarked(plain_newlines(answer), convention)))
    if not may_have_sections(convention):
        lines = lines[: next((at for at, line in enumerate(lines) if _ends_a_paragraph(line, at)), len(lines))]
    if convention.style == "google":
        lines = tuple(_nested(lines))
    return _trimmed(list(_true_lines(lines, parameters, convention.style)))


def comment_of(words: Sequence[str], convention: Convention, margin: str) -> str:
    """The comment, each line behind `margin`, without a last line break."""
    prefix = margin + convention.line_prefix
    wrapped = [part for line in words for part in _wrapped(line, _WIDTH - len(prefix.expandtabs(4)))]
    lines = [(prefix + line).rstrip() for line in wrapped]
    if convention.kind == "line":
        return "\n".join(lines)
    if convention.kind == "block":
        return "\n".join((margin + convention.opening, *lines, margin + convention.closing))
    lines[0] = margin + convention.opening + wrapped[0]
    return "\n".join(lines) + (convention.closing if len(lines) == 1 else f"\n{margin}{convention.closing}")


def _unmarked(text: str, convention: Convention) -> Iterator[str]:
    """The lines of the comment without its marks, until it ends."""
    mark = convention.line_prefix.strip()
    closing = convention.closing.strip()
    lines = (text.partition(closing)[0] if closing else text).split("\n")
    deepest = textwrap.dedent("\n".join(lines[1:])).split("\n") if mark == "" else lines[1:]
    yield lines[0].strip()
    for line in deepest if len(lines) > 1 else ():
        bare = line.strip() if mark else line.rstrip()
        if mark and convention.kind == "line" and not bare.startswith(mark):
            return
        yield bare.removeprefix(mark).removeprefix(" ") if mark else bare


def _nested(lines: Sequence[str]) -> Iterator[str]:
    """`lines` with what stands in a section one step behind its header."""
    header, step = -1, ""
    for line in lines:
        if _HEADER.fullmatch(line):
            header, step = _column(line), ""
        elif not line.strip():
            header, step = -1, ""
        elif _column(line) <= header:
            step = "    "
        yield step + line


def _true_lines(lines: Sequence[str], parameters: Collection[str], style: str) -> Iterator[str]:
    """`lines` without the entries of parameters that do not exist."""
    entry = {"google": _GOOGLE_ENTRY, "numpy": _NUMPY_ENTRY}.get(style)
    known = {name.lstrip("$*&") for name in parameters}
    section, drops, depth = False, False, -1
    for line in lines:
        if _HEADER.fullmatch(line) and style in ("google", "numpy"):
            section, drops, depth = _PARAMETERS.fullmatch(line) is not None, False, -1
        elif tag := _TAG.match(line):
            name = next(found for found in tag.groups() if found)
            drops = name.split(".")[0].lstrip("$*") not in known
        elif _ANY_TAG.match(line) and style not in ("google", "numpy"):
            drops = False
        elif section and entry is not None and line.strip():
            depth = _column(line) if depth < 0 else depth
            found = entry.fullmatch(line) if _column(line) == depth and not _RULER.fullmatch(line) else None
            if found is not None:
                drops = found["name"].lstrip("*") not in known
        if not line.strip() or not drops:
            yield line


def _ends_a_paragraph(line: str, at: int) -> bool:
    return (at > 0 and not line.strip()) or _HEADER.fullmatch(line) is not None or line.lstrip().startswith(">>>")


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    """Without headers that nothing stands under, without blank lines at both ends and no two of them in a row."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        if _HEADER.fullmatch(line) and _is_empty_section(lines[at + 1 :]):
            continue
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line.rstrip())
    while kept and (not kept[-1].strip() or _RULER.fullmatch(kept[-1])):
        kept.pop()
    return tuple(kept)


def _is_empty_section(below: Sequence[str]) -> bool:
    following = next((line for line in below if line.strip() and not _RULER.fullmatch(line)), "")
    return not following.strip() or _HEADER.fullmatch(following) is not None


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _wrapped(line: str, width: int) -> list[str]:
    indentation = line[: _column(line)]
    if len(line) <= width:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=indentation, break_long_words=False, break_on_hyphens=False)
