"""Messages to lines and back: what a line of engine/protocol.py must look like to be taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import CattrsError

from lsp_experts.engine.protocol import (
    Activations,
    Cancel,
    Complete,
    Empty,
    Evict,
    Load,
    Logits,
    Quantize,
    Request,
    Score,
    Target,
    Tokenize,
)
from lsp_experts.errors import EngineError

_REQUESTS: dict[str, type[Any]] = {
    "load": Load, "park": Target, "unpark": Target, "evict": Evict, "complete": Complete, "score": Score,
    "logits": Logits, "tokenize": Tokenize, "activations": Activations, "quantize": Quantize, "cancel": Cancel,
    "state": Empty, "ping": Empty, "shutdown": Empty,
}  # fmt: skip


T = TypeVar("T")


def _exactly(kind: type) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")  # not the value: it may be text
        return value

    return structure


def _converter() -> Converter:
    converter = Converter(detailed_validation=False)
    for kind in (int, str, bool, float):
        converter.register_structure_hook(kind, _exactly(kind))
    return converter


_CONVERTER = _converter()


def structure(data: object, kind: type[T]) -> T:
    """`data` (from JSON) as a message dataclass. EngineError("bad_request") names what is wrong."""
    try:
        return _CONVERTER.structure(data, kind)
    except CattrsError:  # another word than a Literal knows; the message would quote it
        raise EngineError("bad_request", f"{kind.__name__}: an unknown word") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise EngineError("bad_request", f"{kind.__name__}: {error}") from None


def encode_line(message: Mapping[str, Any]) -> bytes:
    """One message as a line; ASCII, so that no byte of user text can break the framing."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def encode_request(request_id: int, op: str, request: Request) -> bytes:
    """A request as a line."""
    return encode_line({"id": request_id, "op": op, **asdict(request)})


def readable_id(line: bytes) -> int:
    """The id under which a line that is no request is refused: its own if it has one, else 0."""
    try:
        found = json.loads(line)["id"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return 0
    return found if type(found) is int else 0


def decode_request(line: bytes) -> tuple[int, str, Request]:
    """(id, op, request) of a line. EngineError("bad_request" | "unknown_op") if it is not one."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EngineError("bad_request", f"not a JSON line: {error}") from None
    if not isinstance(message, dict) or type(message.get("id")) is not int:
        raise EngineError("bad_request", "a request is an object with an integer id")
    op = message.get("op")
    if not isinstance(op, str) or op not in _REQUESTS:
        raise EngineError("unknown_op", f"unknown operation {op!r:.40}")
    return message["id"], op, structure(message, _REQUESTS[op])
