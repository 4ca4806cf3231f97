"""Read a registry file as strict JSON: whatever the path or the bytes are, the answer is a document or a RegistryError.

Strict means: a regular file of at most MAX_BYTES, UTF-8 without a byte order mark, no key twice in one object,
no number but whole ones of at most 18 digits and plain decimals from -10,000 to 10,000, no unprintable character, at
most MAX_DEPTH levels and MAX_VALUES values.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from lsp_experts.errors import RegistryError

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 16
MAX_VALUES = 50_000  # fifty times the bundled registry; checking more would stall a start
_MAX_DIGITS = 18
_DECIMAL = re.compile(r"-?(?:0\.[0-9]{1,6}|[1-9][0-9]{0,3}\.(?=[0-9]*[1-9])[0-9]{1,6})")  # 1.0 is no version
_WRITE_UTF8 = "Save it as UTF-8 without a byte order mark."


class _Object(dict[str, object]):
    """A JSON object that remembers a key that was written twice."""

    twice: str | None = None


class _Unusable:
    """A literal that JSON readers accept and a registry does not."""

    def __init__(self, text: str) -> None:
        self.text = text if len(text) <= 24 else text[:24] + "..."


def read_document(file: Path) -> object:
    """The JSON document in `file`; RegistryError for everything else."""
    text = _text(file, _bytes(file))
    try:
        document: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_Unusable, parse_int=_integer, parse_float=_decimal
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"it is not JSON: {error.msg} ({where})"
        raise RegistryError(file, "$", problem, remedy="Correct that place, or fetch the file again.") from error
    except RecursionError as error:
        raise _too_deep(file, "$") from error
    for number, (path, value, depth) in enumerate(walk(document)):
        if number >= MAX_VALUES:
            problem = f"it holds more than {MAX_VALUES:,} values"
            raise RegistryError(file, "$", problem, remedy="Keep the experts you use.")
        _refuse(file, path, value, depth)
    return document


def child(path: str, key: str | int) -> str:
    """The JSON path of a member: `$.experts[3].id`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key.isascii() and key.replace("_", "a").isalnum() and not key[0].isdigit():
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key if len(key) <= 60 else key[:60] + '...')}]"


def walk(document: object) -> Iterator[tuple[str, object, int]]:
    """Each value with its JSON path and depth, in document order; without recursion, so that no depth can break it."""
    waiting: list[tuple[str, object, int]] = [("$", document, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        yield path, value, depth
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting.extend(reversed([(child(path, key), member, depth + 1) for key, member in members]))


def _bytes(file: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb", closefd=True) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _not_a_file(file)
            data = stream.read(MAX_BYTES + 1) if status.st_size <= MAX_BYTES else b""
    except IsADirectoryError as error:
        raise _not_a_file(file) from error
    except FileNotFoundError as error:
        raise RegistryError(file, "$", "there is no such file", remedy="Check the path.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RegistryError(file, "$", f"it cannot be read: {reason}", remedy="Check path and permissions.") from error
    if status.st_size > MAX_BYTES or len(data) > MAX_BYTES:
        size = max(status.st_size, len(data))
        problem = f"it has {size:,} bytes, and a registry may have {MAX_BYTES:,}"
        raise RegistryError(file, "$", problem, remedy="Check that this is a registry and not a model.")
    return data


def _text(file: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise RegistryError(file, "$", "it is written in UTF-16 or UTF-32 and not in UTF-8", remedy=_WRITE_UTF8)
    if data.startswith(b"\xef\xbb\xbf"):
        raise RegistryError(file, "$", "it starts with a byte order mark", remedy=_WRITE_UTF8)
    if not data.strip():
        raise RegistryError(file, "$", "it is empty", remedy='The smallest registry is {"version": 1, "experts": []}.')
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RegistryError(file, "$", f"byte {error.start} is not UTF-8", remedy=_WRITE_UTF8) from error


def _refuse(file: Path, path: str, value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep(file, path)
    if isinstance(value, _Unusable):
        problem = f"{value.text} is not a whole number of at most {_MAX_DIGITS} digits or a decimal such as 0.25"
        raise RegistryError(file, path, problem, remedy="Correct the value.")
    if isinstance(value, _Object):
        if value.twice is not None:
            raise RegistryError(file, child(path, value.twice), "it is written twice", remedy="Keep one of the two.")
        for key in value:
            _refuse_characters(file, child(path, key) if key else path, key)
    if isinstance(value, str):
        _refuse_characters(file, path, value)


def _refuse_characters(file: Path, path: str, text: str) -> None:
    odd = next((character for character in text if not character.isprintable()), None)
    if odd is not None:
        problem = f"the character U+{ord(odd):04X} may not stand in a registry"
        raise RegistryError(file, path, problem, remedy="Texts are one line of printable characters.")


def _object(pairs: list[tuple[str, object]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result and result.twice is None:
            result.twice = key
        result[key] = value
    return result


def _integer(text: str) -> int | _Unusable:
    return int(text) if len(text) <= _MAX_DIGITS else _Unusable(text)


def _decimal(text: str) -> float | _Unusable:
    return float(text) if _DECIMAL.fullmatch(text) else _Unusable(text)


def _too_deep(file: Path, path: str) -> RegistryError:
    shown = path if len(path) <= 80 else path[:80] + "..."
    return RegistryError(file, shown, f"it is nested deeper than {MAX_DEPTH} levels", remedy="A registry needs 6.")


def _not_a_file(file: Path) -> RegistryError:
    return RegistryError(file, "$", "it is not a regular file", remedy="Give the path of a JSON file.")
