"""In which ways a host can answer badly when it is asked for a model, and which of them a pull survives."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lsp_experts.lab.faults.bad_host import Asked, Reply, head

CONTENT = b"GGUF" + bytes(range(256)) * 1024
SHA256 = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "c" * 40
ENDLESS_BYTES = 256 << 20  # where a body ends that nobody breaks off
_TRICKLE_S = 0.02


@dataclass(frozen=True)
class Case:
    """How a file is answered for. `comes`: the right file is there in the end; else the source is given up."""

    reply: Reply
    comes: bool = False
    for_hub: bool = True
    for_url: bool = True


def whole(asked: Asked, content: bytes = CONTENT) -> Iterable[bytes]:
    """What a good host says: all of it, or the rest of it."""
    first, size = asked.first_byte, len(content)
    if first is None:
        yield head(200, Content_Length=size) + content
    else:
        span = f"bytes {first}-{size - 1}/{size}"
        yield head(206, Content_Length=size - first, Content_Range=span) + content[first:]


def published(asked: Asked, content: bytes = CONTENT) -> Iterable[bytes]:
    """What a hub says of a file before it sends it."""
    sha256 = hashlib.sha256(content).hexdigest()
    yield head(200, Content_Length=len(content), ETag='"x"', X_Linked_Etag=f'"{sha256}"',
               X_Linked_Size=len(content), X_Repo_Commit=COMMIT)  # fmt: skip


def cases(elsewhere: str) -> Mapping[str, Case]:
    """Every bad answer by name, new ones for each pull; `elsewhere`: the address of another host."""
    return {
        "404": Case(_status(404)),
        "403": Case(_status(403)),
        "429": Case(_status(429)),
        "500": Case(_status(500)),
        "web-page": Case(lambda _: [head(200, Content_Type="text/html", Content_Length=12) + b"<p>log in</p"]),
        "short-body": Case(_short),
        "shorter-file": Case(lambda asked: whole(asked, CONTENT[:-1])),
        "long-body": Case(lambda asked: whole(asked, CONTENT + b"x")),
        "endless-body": Case(_endless),
        "other-bytes": Case(lambda asked: whole(asked, bytes(len(CONTENT)))),
        "changes-under-way": Case(_breaks_once(lambda asked: whole(asked, bytes(len(CONTENT))))),
        "range-ignored": Case(_breaks_once(lambda _: [head(200, Content_Length=len(CONTENT)) + CONTENT]), comes=True),
        "breaks-once": Case(_breaks_once(whole), comes=True),
        "stalls": Case(_stalls),
        "trickling-head": Case(_trickling_head, for_hub=False),  # ten minutes there: tests ask it more quickly
        "trickling-body": Case(_trickling_body, for_hub=False),
        "redirects-for-ever": Case(_redirect("?again")),
        "redirect-to-nothing": Case(_redirect("https://models.example.org:port/model.gguf")),
        "to-http": Case(_redirect("http://models.example.org/model.gguf"), for_hub=False),
        "to-an-address": Case(_redirect("https://169.254.169.254/latest"), for_hub=False),
        "to-a-user": Case(_redirect("https://me:secret@models.example.org/model.gguf"), for_hub=False),
        "to-another-host": Case(_redirect(f"{elsewhere}/model.gguf"), comes=True),
        "gzip-bomb": Case(_gzip_bomb),
    }


def _status(status: int) -> Reply:
    return lambda _asked: [head(status, Content_Length=0)]


def _redirect(to: str) -> Reply:
    return lambda asked: [head(302, Location=asked.path + to if to.startswith("?") else to, Content_Length=0)]


def _short(asked: Asked) -> Iterable[bytes]:
    """One byte is always missing, whatever is asked for."""
    yield b"".join(whole(asked))[:-1]


def _endless(asked: Asked) -> Iterable[bytes]:
    yield head(200) + CONTENT
    for _ in range(ENDLESS_BYTES >> 16):
        yield bytes(1 << 16)


def _breaks_once(then: Reply) -> Reply:
    numbers = itertools.count()

    def reply(asked: Asked) -> Iterable[bytes]:
        if next(numbers):
            return then(asked)
        return [b"".join(whole(asked))[: len(CONTENT) // 2]]

    return reply


def _stalls(asked: Asked) -> Iterable[bytes]:
    yield b"".join(whole(asked))[:-1]
    asked.over.wait()


def _trickling_head(asked: Asked) -> Iterable[bytes]:
    yield b"HTTP/1.1 200 said\r\nX-Slow: "
    while not asked.over.wait(_TRICKLE_S):
        yield b"x"


def _trickling_body(asked: Asked) -> Iterable[bytes]:
    yield head(200, Content_Length=len(CONTENT))
    for number in range(len(CONTENT)):
        yield CONTENT[number : number + 1]
        if asked.over.wait(_TRICKLE_S):
            return


def _gzip_bomb(_asked: Asked) -> Iterable[bytes]:
    body = gzip.compress(bytes(16 << 20), 1)
    yield head(200, Content_Encoding="gzip", Content_Length=len(body)) + body


def by_case(known: Mapping[str, Case], to_head: Callable[[Asked], Iterable[bytes]] = published) -> Reply:
    """A host of all cases: the second part of a path names the case."""

    def reply(asked: Asked) -> Iterable[bytes]:
        name = asked.path.split("/")[2]
        return to_head(asked) if asked.method == "HEAD" else known[name].reply(asked)

    return reply
