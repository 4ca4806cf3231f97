"""`lsp-experts complete FILE --line N --column N`: one suggestion, through the same code as the server's."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.silence import Silence
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.server.assembly import build_completer
from lsp_experts.server.documents import line_starts
from lsp_experts.settings import Settings


def run(*, file: Path, line: int, column: int, language: str, as_json: bool) -> int:
    """Print the suggestion at a place; 0 if there is one, 1 (with the reason on stderr) if there is none."""
    text = _read(file)
    view = DocumentView(file.absolute().as_uri(), language, 1, text)
    answer = asyncio.run(_complete(view, _offset(file, text, line, column)))
    found = isinstance(answer, Suggestion)
    if as_json:
        print(json.dumps({"file": str(file), "line": line, "column": column, **asdict(answer)}))
    elif isinstance(answer, Suggestion):
        print(answer.text)
        print(f"{answer.expert} ({answer.expert_reason}), {answer.total_ms:.0f} ms", file=sys.stderr)
    else:
        print(f"no suggestion: {answer.reason}{f' ({answer.detail})' if answer.detail else ''}", file=sys.stderr)
    return 0 if found else 1


class _CommandHost:
    """A command in the place of the server: messages go to stderr, and there is no hurry at its end."""

    workspace_uri = ""

    def __init__(self) -> None:
        self.closing: list[Callable[[], Awaitable[None]]] = []

    def changed(self) -> None:
        """Nobody watches the states."""

    def loading(self, fractions: Mapping[str, float]) -> None:
        """A load of half a second needs no bar."""

    def tell(self, message: str) -> None:
        """A sentence for the user."""
        print(message, file=sys.stderr)

    def at_exit(self, close: Callable[[], Awaitable[None]]) -> None:
        """Remember what to close."""
        self.closing.append(close)


async def _complete(view: DocumentView, offset: int) -> Suggestion | Silence:
    host = _CommandHost()
    completer = build_completer(Settings(preload=False), host, paths=default_paths())
    try:
        answer = await completer.complete(view, offset, manual=True)
        while isinstance(answer, Silence) and answer.reason == "loading":
            await completer.ready(view, offset)
            answer = await completer.complete(view, offset, manual=True)
        return answer
    finally:
        for close in host.closing:
            await close()


def _read(file: Path) -> str:
    try:
        if not file.is_file():
            raise UsageError(f"{file} is not a file.", remedy="Give a text file.")
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}.", remedy="Give a file you can read.") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: byte {error.start} is not UTF-8.", remedy="Give a UTF-8 text file.") from None


def _offset(file: Path, text: str, line: int, column: int) -> int:
    starts = line_starts(text)
    if not 1 <= line <= len(starts):
        raise UsageError(f"{file} has {len(starts)} lines, there is no line {line}.", remedy="Lines count from 1.")
    cursor = Cursor(text, starts[line - 1])
    if not 1 <= column <= len(cursor.after) + 1:
        raise UsageError(
            f"{file}: line {line} has {len(cursor.after)} characters, there is no column {column}.",
            remedy=f"Columns count from 1; {len(cursor.after) + 1} is the line's end.",
        )
    return cursor.offset + column - 1
