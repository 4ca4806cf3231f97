"""What the output of compilers, linters and test runners says is wrong where. Pure.

Formats: gcc, clang, go (build, vet, test), rustc, tsc, javac, mypy, ruff, eslint, Python's tracebacks, pytest, node.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_ERRORS = 50
_MAX_LINES = 20_000
_MAX_LINE_CHARS = 1000
_MAX_MESSAGE_CHARS = 300
_MOST = (1 << 31) - 1  # of what LSP counts; clients refuse a whole answer for more
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PATH = r"(?P<path>(?:[A-Za-z]:)?[^\s:()'\"<>|]+(?: [^\s:()'\"<>|]+)*?\.\w+)"

# One line says it all, the more particular ones first.
_IN_ONE_LINE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^{_PATH}\((?P<line>\d+),(?P<column>\d+)\): (?P<message>.+)",  # tsc
        rf"^{_PATH}:(?P<line>\d+):(?P<column>\d+) - (?P<message>.+)",  # tsc --pretty
        rf"^\s*(?:vet: )?{_PATH}:(?P<line>\d+)(?::(?P<column>\d+))?: (?P<message>.+)",
    )
)
_ESLINT = re.compile(r"^\s+(?P<line>\d+):(?P<column>\d+)\s+(?P<message>error\s.+)")
_RUST_MESSAGE = re.compile(r"^(?P<message>(?:error|warning)(?:\[\w+\])?: .+)")
_RUST_PLACE = re.compile(rf"^\s*--> {_PATH}:(?P<line>\d+):(?P<column>\d+)")
_FRAME = re.compile(r'^(?:E\s)?\s*File "(?P<path>[^"]+)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"^(?:E\s+)?(?P<message>[\w.]*(?:Error|Exception|Interrupt|Warning|Exit|Failed)\b.*)")
_NODE_FRAME = re.compile(rf"^{_PATH}:(?P<line>\d+)$")
_PYTEST_SAYS = re.compile(r"^E\s{2,}(?P<message>\S.*)")
_PYTEST_PLACE = re.compile(rf"^{_PATH}:(?P<line>\d+): ?(?:in .+|(?P<message>[\w.]+))?$")
_HARMLESS = re.compile(r"^(?:warning|note|info|hint|remark|help)\b", re.IGNORECASE)
_SEVERITY = re.compile(r"^(?:fatal )?error\s*(?:TS\d+)?:?\s+", re.IGNORECASE)


@dataclass(frozen=True)
class CheckError:
    """`path` in the checked folder, with "/"; `line` and `column` from 1, column 0 where it is not known."""

    path: str
    line: int
    column: int
    message: str


def errors_in(output: str, roots: Sequence[str], known: Collection[str]) -> tuple[CheckError, ...]:
    """The errors that `output` places in the files `known` (paths in the folder), in order, without doubles.

    `roots`: absolute folders that stand for the checked one: the copy, and the original. Warnings are left out.
    """
    locate = _locator(roots, known)
    found: dict[tuple[str, int], CheckError] = {}
    lines = (line[:_MAX_LINE_CHARS] for line in _COLOURS.sub("", output).splitlines()[-_MAX_LINES:])
    for error in _read(lines, locate):
        found.setdefault((error.path, error.line), error)
        if len(found) == MAX_ERRORS:
            break
    return tuple(found.values())


Locate = Callable[[str], str]


def _read(lines: Iterable[str], locate: Locate) -> Iterator[CheckError]:
    """One error for each place; what several lines say together is kept until the last of them has come."""
    rust = said = eslint = ""
    frames: list[re.Match[str]] = []
    for line in lines:
        if frame := _FRAME.match(line) or _NODE_FRAME.match(line):
            frames.append(frame)
        elif frames and (raised := _EXCEPTION.match(line)):
            yield from _innermost(frames, raised["message"], locate)
            frames = []
        elif message := _RUST_MESSAGE.match(line):
            rust = message["message"]
        elif place := _RUST_PLACE.match(line):
            yield from _error(place, rust, locate)
        elif message := _PYTEST_SAYS.match(line):
            said = said or message["message"]
        elif place := _PYTEST_PLACE.match(line):
            if place["message"] is not None:  # else a frame above the one that failed
                yield from _error(place, said or place["message"], locate)
                said = ""
        elif (place := _ESLINT.match(line)) and eslint:
            yield from _error(place, place["message"], lambda _, path=eslint: path)  # type: ignore[misc]
        elif place := next((match for pattern in _IN_ONE_LINE if (match := pattern.match(line))), None):
            yield from _error(place, place["message"], locate)
        elif line.strip() and not line[0].isspace():
            eslint = locate(line.strip())


def _innermost(frames: Sequence[re.Match[str]], message: str, locate: Locate) -> Iterator[CheckError]:
    """The last frame that is in the folder: what it calls in a library is seldom wrong."""
    for frame in reversed(frames):
        if locate(frame["path"]):
            yield from _error(frame, message, locate)
            return


def _error(place: re.Match[str], message: str, locate: Locate) -> Iterator[CheckError]:
    named = place.groupdict()
    path = locate(named.get("path") or "")
    if not path or _HARMLESS.match(message.strip()):
        return
    plain = _SEVERITY.sub("", message.strip())[:_MAX_MESSAGE_CHARS]
    line, column = (min(int(named.get(name) or 0), _MOST) for name in ("line", "column"))
    yield CheckError(path, max(1, line), column, plain)


def _locator(roots: Sequence[str], known: Collection[str]) -> Locate:
    """The known path that a printed one means, "" for any other: a test's name alone is enough if no other has it."""

    def locate(printed: str) -> str:
        path = printed.replace("\\", "/")
        for root in roots:
            prefix = root.replace("\\", "/").rstrip("/") + "/"
            if path.startswith(prefix):
                path = path[len(prefix) :]
                break
        path = posixpath.normpath(path)
        if path in known:
            return path
        ending = "/" + path.lstrip("./")
        meant = [each for each in known if each.endswith(ending)]
        return meant[0] if len(meant) == 1 and not posixpath.isabs(path) else ""

    return locate
