"""Server-sent events out of bytes as they come (WHATWG HTML, "9.2.6 Interpreting an event stream"). Pure."""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventStream:
    """Bytes in, the data of whole events out. A line may come in any pieces, in the middle of a character too."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._rest = b""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[str]:
        """The events that `data` ends. OverflowError where a line or an event is too long, UnicodeDecodeError."""
        lines = _LINE_END.split(self._rest + data)
        self._rest = lines.pop()
        # A line break of two bytes that comes in two pieces only makes an empty line more, which says nothing new.
        events = [event for line in lines if (event := self._line(line)) is not None]
        if len(self._rest) > self._max_line_bytes:
            raise OverflowError
        return events

    def _line(self, line: bytes) -> str | None:
        if len(line) > self._max_line_bytes:
            raise OverflowError
        field, _, value = line.decode("utf-8").partition(":")
        if field in ("data", "error"):  # llama.cpp before 2025-11 named a field "error"
            self._data.append(value.removeprefix(" "))
            if sum(map(len, self._data)) > self._max_line_bytes:
                raise OverflowError
        if line or not self._data:
            return None
        event, self._data = "\n".join(self._data), []
        return event
