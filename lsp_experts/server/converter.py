"""The JSON to object rules of pygls, made exact: a float is no line number and a number is no text."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from cattrs import Converter
from lsprotocol import types as t
from pygls.protocol import default_converter


def strict_converter() -> Converter:
    """pygls's converter without its coercions, and with the version some clients put beside a request's document."""
    converter: Converter = default_converter()
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    plain = converter.get_structure_hook(t.TextDocumentIdentifier)

    def identifier(value: Any, kind: Any) -> Any:
        if isinstance(value, dict) and type(value.get("version")) is int:
            return converter.structure(value, t.VersionedTextDocumentIdentifier)
        return plain(value, kind)

    converter.register_structure_hook(t.TextDocumentIdentifier, identifier)
    # An enum's value was taken as the number or text it is; a diagnostic goes back to the client as it came.
    converter.register_unstructure_hook_func(_is_enum, lambda value: getattr(value, "value", value))
    return converter


def structure_params(converter: Converter, method: str, params: object) -> Any:
    """The parameters of `method` as its lsprotocol type, as JSON if LSP does not know it. Raises what cattrs does."""
    message_type = t.METHOD_TO_TYPES.get(method, (None,))[0]
    if message_type is None:
        return params
    fields: dict[str, Any] = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
    if params is None:
        del fields["params"]
    if method == t.INITIALIZE:
        fields["params"] = _forgiven(converter, params)
    return converter.structure(fields, message_type).params


def _forgiven(converter: Converter, params: Any) -> Any:
    """`initialize` parameters without the parts that are wrong: one odd capability must not cost the whole server."""
    if _fits(converter, t.InitializeParams, params):
        return params
    groups = params["capabilities"].items()
    kept = {name: _fitting_part(converter, name, value) for name, value in groups}
    others = {name: value for name, value in params.items() if name != "capabilities"}
    sound = {
        name: value
        for name, value in others.items()
        if _fits(converter, t.InitializeParams, {"capabilities": {}, name: value})
    }
    return {**sound, "capabilities": {name: value for name, value in kept.items() if value is not None}}


def _fitting_part(converter: Converter, name: str, value: Any) -> Any:
    def fits(part: Any) -> bool:
        return _fits(converter, t.ClientCapabilities, {name: part})

    if fits(value):
        return value
    if not isinstance(value, dict):
        return None
    sound = {key: part for key, part in value.items() if fits({key: part})}
    return sound if fits(sound) else None  # some groups are nothing without a certain part


def _fits(converter: Converter, kind: type, value: Any) -> bool:
    try:
        converter.structure(value, kind)
    except Exception:  # cattrs and lsprotocol raise many kinds
        return False
    return True


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{kind.__name__} expected")
        return value

    return structure
