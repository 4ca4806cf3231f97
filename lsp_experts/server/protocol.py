"""JSON-RPC over pygls, with one promise: every request is answered exactly once, whatever else arrives.

Nothing a client sends raises out of `receive`. An error answer holds neither a traceback nor a text of the client's.
Requests of the client and our own requests to it are kept in separate tables, so equal ids cannot meet.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.protocol import LanguageServerProtocol

from lsp_experts.server.converter import structure_params

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

_LOG = logging.getLogger(__name__)

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
NOT_INITIALIZED, CANCELLED = -32002, -32800

_DROPPABLE = frozenset((t.WINDOW_LOG_MESSAGE, t.PROGRESS, "lspExperts/status", "lspExperts/completed"))

RequestId = int | str


class Phase(enum.Enum):
    """Where the client is between `initialize` and `exit`."""

    NEW = enum.auto()
    READY = enum.auto()
    SHUT_DOWN = enum.auto()


class ExpertsProtocol(LanguageServerProtocol):
    """Dispatches bodies to the features registered with the server. `send(body, droppable=...)` takes the answers."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        # pygls's own handlers keep a second copy of every document and read others from disk.
        self.fm.builtin_features.clear()
        self.phase = Phase.NEW
        self.send: Callable[..., None] = _nowhere
        self._running: dict[RequestId, asyncio.Future[Any] | None] = {}
        self._background: set[asyncio.Future[Any]] = set()

    # Incoming

    def receive(self, body: bytes) -> None:
        """Handle the body of one message."""
        try:
            message = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "the message is not JSON in UTF-8")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self._refuse(None, INVALID_REQUEST, "the message is not a JSON-RPC 2.0 object")
        elif isinstance(method := message.get("method"), str):
            if "id" in message:
                self._request(message["id"], method, message.get("params"))
            else:
                self._notification(method, message.get("params"))
        elif "method" not in message and ("result" in message or "error" in message):
            self._response(message)
        else:
            self._refuse(None, INVALID_REQUEST, "the message has no method")

    def _request(self, request_id: object, method: str, params: object) -> None:
        if isinstance(request_id, bool) or not isinstance(request_id, int | str):
            self._refuse(None, INVALID_REQUEST, "a request id is an integer or a string")
            return
        if request_id in self._running:
            self._refuse(request_id, INVALID_REQUEST, "a request with this id is still running")
            return
        if self.phase is Phase.NEW and method != t.INITIALIZE:
            self._refuse(request_id, NOT_INITIALIZED, "the server is not initialized")
            return
        if self.phase is Phase.SHUT_DOWN or (self.phase is Phase.READY and method == t.INITIALIZE):
            self._refuse(request_id, INVALID_REQUEST, f"{method} is not possible any more")
            return
        handler = self.fm.features.get(method)
        if handler is None:
            self._refuse(request_id, METHOD_NOT_FOUND, "the method is not known")
            return
        try:
            structured = structure_params(self._converter, method, params)
        except Exception as error:  # cattrs and lsprotocol raise many kinds, and their messages quote the values
            _LOG.warning("parameters of %s are not valid (%s)", method, type(error).__name__)
            self._refuse(request_id, INVALID_PARAMS, f"the parameters of {method} are not valid")
            return
        self._run_request(request_id, method, handler, structured)

    def _run_request(self, request_id: RequestId, method: str, handler: Callable[[Any], Any], params: object) -> None:
        if method == t.SHUTDOWN:
            self.phase = Phase.SHUT_DOWN
            self.cancel_all()
        self._running[request_id] = None
        try:
            result = handler(params)
        except Exception as error:
            self._answer_error(request_id, method, error)
            return
        if inspect.isawaitable(result):
            future = asyncio.ensure_future(result)
            self._running[request_id] = future
            future.add_done_callback(partial(self._finished, request_id, method))
            return
        self._answer(request_id, result)
        if method == t.INITIALIZE:
            self.phase = Phase.READY

    def _finished(self, request_id: RequestId, method: str, future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            error: BaseException | None = None
        else:
            error = future.exception()
        if self._running.get(request_id) is not future:
            return  # cancelled by the client, and answered then
        if future.cancelled():
            self._answer_cancelled(request_id)
        elif error is not None:
            self._answer_error(request_id, method, error)
        else:
            self._answer(request_id, future.result())

    def _notification(self, method: str, params: object) -> None:
        if method == t.CANCEL_REQUEST:
            self._cancel(params)
            return
        if self.phase is not Phase.READY and method != t.EXIT:
            _LOG.info("%s was ignored: the server is not running", method)
            return
        handler = self.fm.features.get(method)
        if handler is None:
            return
        try:
            result = handler(structure_params(self._converter, method, params))
        except Exception as error:
            _LOG.error("%s failed: %s", method, describe(error))
            return
        if inspect.isawaitable(result):
            self.in_background(result, method)

    def in_background(self, work: Awaitable[Any], what: str) -> None:
        """Run `work` beside the messages; if it fails, `what` failed and the log says so."""
        future = asyncio.ensure_future(work)
        self._background.add(future)

        def ended(future: asyncio.Future[Any]) -> None:
            self._background.discard(future)
            if not future.cancelled() and (error := future.exception()) is not None:
                _LOG.error("%s failed: %s", what, describe(error))

        future.add_done_callback(ended)

    def _cancel(self, params: object) -> None:
        request_id = params.get("id") if isinstance(params, dict) else None
        if isinstance(request_id, bool) or not isinstance(request_id, int | str):
            return
        future = self._running.get(request_id)
        if future is not None:
            self._answer_cancelled(request_id)
            future.cancel()

    def cancel_all(self) -> None:
        """Answer every running request as cancelled."""
        for request_id, future in tuple(self._running.items()):
            if future is not None:
                self._answer_cancelled(request_id)
                future.cancel()

    def _response(self, message: dict[str, Any]) -> None:
        request_id = message.get("id")
        if not isinstance(request_id, int | str):
            return
        future = self._request_futures.pop(request_id, None)
        kind = self._result_types.pop(request_id, None)
        if future is None or future.done():
            _LOG.info("an answer to a request that is not waiting was ignored")
        elif "error" in message:
            future.set_exception(JsonRpcException("the client refused the request"))
        else:
            try:
                future.set_result(self._converter.structure(message, kind).result if kind else message["result"])
            except Exception as error:
                future.set_exception(JsonRpcInternalError(f"the client's answer is not valid ({type(error).__name__})"))

    # Outgoing

    def _answer(self, request_id: RequestId, result: object) -> None:
        try:
            body = _encode({"jsonrpc": "2.0", "id": request_id, "result": self._converter.unstructure(result)})
        except Exception as error:
            self._answer_error(request_id, "the answer", error)
            return
        del self._running[request_id]
        self.send(body)

    def _answer_error(self, request_id: RequestId, method: str, error: BaseException) -> None:
        self._running.pop(request_id, None)
        if isinstance(error, JsonRpcException):
            self._refuse(request_id, error.code, error.message)
            return
        _LOG.error("%s failed: %s", method, describe(error))
        self._refuse(request_id, INTERNAL_ERROR, "the server failed here; its log says where")

    def _answer_cancelled(self, request_id: RequestId) -> None:
        self._running.pop(request_id, None)
        self.send(_encode(_error(request_id, CANCELLED, "cancelled")))

    def _refuse(self, request_id: RequestId | None, code: int, message: str) -> None:
        _LOG.info("refused (%d): %s", code, message)
        self.send(_encode(_error(request_id, code, message)))

    def _send_data(self, data: Any) -> None:
        """Send one of our own requests or notifications (pygls calls this; its own version logs whole bodies)."""
        try:
            body = json.dumps(data, default=self._serialize_message).encode("ascii")
        except (TypeError, ValueError) as error:
            _LOG.error("a message could not be sent: %s", describe(error))
            return
        self.send(body, droppable=getattr(data, "method", "") in _DROPPABLE)


def describe(error: BaseException) -> str:
    """What failed and where, without the error's own text: that may quote a document."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = f" at {last.tb_frame.f_code.co_filename}:{last.tb_lineno}" if last is not None else ""
    return f"{type(error).__name__}{where}"


def _error(request_id: RequestId | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def _encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _nowhere(body: bytes, *, droppable: bool = False) -> None:
    """Before a client is connected there is nobody to send to."""
