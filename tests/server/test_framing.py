"""Which bodies come out of which bytes."""

from __future__ import annotations

import random

import pytest

from lsp_experts.server.framing import MAX_BODY_BYTES, MAX_LINE_BYTES, Frames, frame

GOOD = frame(b'{"a":1}')


def check(stream: bytes, bodies: list[bytes]) -> None:
    """However the stream is cut, these bodies come out."""
    assert list(Frames().feed(stream)) == bodies
    one_by_one = Frames()
    assert [body for at in range(len(stream)) for body in one_by_one.feed(stream[at : at + 1])] == bodies


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param(b'content-length: 7\r\n\r\n{"a":1}', id="P-03 lower case"),
        pytest.param(b'Content-Length: 7\n\n{"a":1}', id="P-03 LF only"),
        pytest.param(
            b'CONTENT-LENGTH :7 \r\nContent-Type: x; charset=utf-8\r\n\r\n{"a":1}', id="spaces, second header"
        ),
        pytest.param(b"Content-Length: -1\r\n\r\n" + GOOD, id="P-04 negative"),
        pytest.param(b"Content-Length: 0\r\n\r\n" + GOOD, id="P-04 zero"),
        pytest.param(b"Content-Length: x\r\n\r\n" + GOOD, id="no number"),
        pytest.param(b"Content-Length: 1e3\r\n\r\n" + GOOD, id="float"),
        pytest.param("Content-Length: ٧\r\n\r\n".encode() + GOOD, id="digits that are not ASCII"),
        pytest.param(b"Content-Length: 1000000000000\r\n\r\n" + GOOD, id="P-02 10^12"),
        pytest.param(b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + GOOD, id="P-02 10^30"),
        pytest.param(b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + GOOD, id="P-02 5000 digits"),
        pytest.param(b"junk\r\nmore: junk\r\n\r\n\r\n" + GOOD, id="P-04 junk lines"),
        pytest.param(b'Content-Length: -7\r\n\r\n{"b":2}' + GOOD, id="body of a refused header before the next one"),
    ],
)
def test_one_good_message_comes_out(stream: bytes) -> None:
    check(stream, [b'{"a":1}'])


def test_a_line_without_end_is_not_kept() -> None:
    frames = Frames()
    for _ in range(128):
        assert not list(frames.feed(b"x" * 8192))
    assert len(frames._line) <= MAX_LINE_BYTES
    assert list(frames.feed(b"\r\n" + GOOD)) == [b'{"a":1}']


def test_a_body_that_is_too_large_is_skipped_and_counted() -> None:
    frames = Frames()
    assert not list(frames.feed(b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)))
    left = MAX_BODY_BYTES + 1
    while left:
        piece = min(left, 1 << 20)
        assert not list(frames.feed(b"{" * piece))
        left -= piece
    assert frames.refused == 1
    assert list(frames.feed(GOOD)) == [b'{"a":1}']


def test_mutated_streams_never_raise_and_the_next_message_is_found() -> None:
    random_ = random.Random(20261121)
    for _ in range(2000):
        stream = bytearray(GOOD * 2)
        for _ in range(random_.randint(1, 4)):
            stream[random_.randrange(len(stream))] = random_.randrange(256)
        frames = Frames()
        list(frames.feed(bytes(stream)))
        # A wrong length may swallow what follows; after at most the largest such length everything is in step again.
        list(frames.feed(b"\r\n" * 60))
        assert b'{"ok":1}' in list(frames.feed(frame(b'{"ok":1}') * 20))
