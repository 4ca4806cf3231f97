"""Cuts a byte stream into message bodies, whatever arrives. Pure: bytes in, bodies out.

A client may send header names in any case and end lines with LF alone. Lengths that are no length (negative, zero, not
a number, larger than any client sends) are ignored together with their line; a body above MAX_BODY_BYTES is skipped
without being held in memory. After any of that the next well-formed message is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_SKIPPED_BYTES = 1024 * 1024 * 1024  # a longer body is a lie: waiting for its end would swallow every later message
MAX_LINE_BYTES = 8 * 1024
CHUNK_BYTES = 64 * 1024
_TAIL_BYTES = 256

# Not anchored at the line's start: the body of a message whose header was refused has no newline at its end, so the
# next header stands right behind it on the same "line".
_LENGTH = re.compile(rb"(?:^|[}\]\x00\s])content-length[ \t]*:[ \t]*([0-9]{1,20})[ \t]*$", re.IGNORECASE)


class Frames:
    """A push parser: `feed` takes any slice of the stream and yields the bodies that became complete."""

    def __init__(self) -> None:
        self.refused = 0  # bodies that were too large
        self._line = bytearray()
        self._body = bytearray()
        self._length = 0  # of the header block that is being read; 0: none yet
        self._missing = 0  # bytes of the body still to come
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that end inside `data`, in order."""
        at = 0
        while at < len(data):
            if self._missing:
                taken = min(self._missing, len(data) - at)
                if not self._skipping:
                    self._body += data[at : at + taken]
                self._missing -= taken
                at += taken
                if not self._missing and not self._skipping:
                    yield bytes(self._body)
                    self._body = bytearray()
                continue
            newline = data.find(b"\n", at)
            end = len(data) if newline < 0 else newline
            self._extend_line(data[at:end])
            at = end + 1
            if newline >= 0:
                self._end_line()

    def _extend_line(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > MAX_LINE_BYTES:
            del self._line[:-_TAIL_BYTES]

    def _end_line(self) -> None:
        line = bytes(self._line).rstrip(b"\r")
        self._line = bytearray()
        if line.strip():
            found = _LENGTH.search(line)
            if found and 0 < int(found.group(1)) <= MAX_SKIPPED_BYTES:
                self._length = int(found.group(1))
            return
        self._missing, self._length = self._length, 0
        self._skipping = self._missing > MAX_BODY_BYTES
        self.refused += self._skipping


def frame(body: bytes) -> bytes:
    """A body with its header."""
    return b"Content-Length: %d\r\n\r\n" % len(body) + body
