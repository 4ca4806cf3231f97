"""A test as an expert wrote it: a few checks, closed as it has to be; and one that stands as an example. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from lsp_experts.syntax.lines import columns

# A small expert says the results of the first inputs that come to its mind rightly, and then makes up more of both.
MOST_CHECKS = 2
_CHECK = re.compile(r"assert|expect|should|\braises?\b|\bt\.(?:Error|Fatal|Fail)|\bmust|throw|refute")
_GOES_ON = re.compile(r"\s*(?:[)\]}.]|else\b|elif\b|except\b|finally\b|catch\b|rescue\b|end\b)")
_TEST = re.compile(
    r"^(?P<margin>[ \t]*)(?:async def test|def test|func Test|(?:it|test)\(|#\[test\]|@Test\b|public function test)\w*"
    r"|^(?P<spec>[ \t]*)it [\"']",
    re.MULTILINE,
)
_EXAMPLE_LINES, _EXAMPLE_CHARS = 16, 600


def tests_in(opening: str, said: str, closing: str, *, finished: bool) -> Iterator[str]:
    """The whole test: `opening`, what an expert said behind it up to its check number MOST_CHECKS, `closing`. Then the
    same with fewer checks: the last one may be broken off.

    A last statement that it did not finish is left out.
    """
    statements = _statements(said)
    if not finished and statements:
        statements.pop()
    ends = [number for number, lines in enumerate(statements, 1) if any(_CHECK.search(line) for line in lines)]
    for end in reversed(ends[:MOST_CHECKS] or [len(statements)]):
        body = "\n".join(line for lines in statements[:end] for line in lines).rstrip()
        yield "\n".join(part for part in (opening, body, closing) if part)


def flaw_of_test(test: str, opening: str, name: str, call: str) -> str:
    """Why this is no test of the function `name`; "" if it may be one. `call`: how it is reached, perhaps `a.b`."""
    body = test.removeprefix(opening)
    if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body):
        return f"it does not use {name}"
    if not call.isidentifier() and call not in body:
        return f"it does not write {call}"
    return "" if _CHECK.search(body) else "it checks nothing"


def example(text: str) -> str:
    """A short test of `text`, the last one that there is; "" without any."""
    found = [match.start() for match in _TEST.finditer(text)]
    for start in reversed(found):
        lines = text[start:].split("\n")
        margin = columns(lines[0])
        kept = lines[:1]
        for line in lines[1 : _EXAMPLE_LINES + 1]:
            if line.strip() and columns(line) <= margin and not kept[-1].strip().startswith(("@", "#[")):
                if re.match(r"\s*(?:[)}]|end\b)", line):
                    kept.append(line)
                break
            kept.append(line)
        said = textwrap.dedent("\n".join(kept)).rstrip()
        if len(kept) <= _EXAMPLE_LINES and len(said) <= _EXAMPLE_CHARS:
            return said
    return ""


def _statements(said: str) -> list[list[str]]:
    """The statements of a test's body, each with its lines, up to the line that closes it."""
    lines = said.strip("\n").split("\n")
    inside = next((columns(line) for line in lines if line.strip()), 0)
    found: list[list[str]] = []
    for line in lines:
        if line.strip() and (columns(line) < inside or line.startswith("```")):
            break
        if line.strip() and columns(line) == inside and not (found and _GOES_ON.match(line)):
            found.append([line])
        elif found:
            found[-1].append(line)
    return found
