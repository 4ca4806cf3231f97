"""A client in this process: the real server behind its messages, scripted actions, and answers that a test chooses."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actions.places import ScriptedFiles
from actions.scripted import ScriptedGenerator
from server.launch_scripted import ScriptedCompleter

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_actions import CodeActions
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.server.delivery import Patience
from lsp_experts.server.features import register
from lsp_experts.server.language_server import ExpertsServer
from lsp_experts.server.lifetime import Lifetime
from lsp_experts.server.ports import Host, OpenViews, Parts
from lsp_experts.server.running_actions import RunningActions
from lsp_experts.settings import Settings

RECORDED = Path(__file__).parents[1] / "fixtures" / "initialize"
SILENT = object()  # the client never answers
URI = "file:///w/a.py"
TEXT = "def f():\n    pass\n"
HURRIED = Patience(apply_s=0.05, ask_s=0.05, show_s=0.05)


class QuietCompleter(ScriptedCompleter):
    """No child process, and nothing to tell."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.events = settings, []
        self.cancelled = 0

    def status(self) -> dict[str, Any]:
        return {}


def recorded(name: str) -> dict[str, Any]:
    """The `initialize` parameters of a recorded client."""
    (file,) = RECORDED.glob(f"{name}*.json")
    params: dict[str, Any] = json.loads(file.read_text())
    return {**params, "processId": None, "initializationOptions": {}}


def action(name: str, run: Callable[[Job], Any], *offers: Offer) -> Action:
    """An action that is always offered, as `offers` or as one rewrite."""
    shown = offers or (Offer(f"Do {name}", "refactor.rewrite", {"n": 1}),)

    def offered(place: Place, files: Files) -> tuple[Offer, ...]:
        return shown

    return Action(name, "none", offered, run)


class ActionClient:
    """`on`: what the client answers to a request of the server, by method; it refuses all others."""

    def __init__(
        self,
        folder: Path,
        actions: Sequence[Action],
        *,
        files: Files | None = None,
        generator: ScriptedGenerator | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._actions, self._files = actions, files or ScriptedFiles()
        self._generator = generator or ScriptedGenerator()
        self.server = ExpertsServer(self._build, Lifetime(), folder / "servers", folder / "numbers", folder / "scratch")
        if patience is not None:
            self.server.actions = RunningActions(self.server, folder / "scratch", lambda: None, patience)
        register(self.server)
        self.server.protocol.send = self._sent
        self.sent: list[dict[str, Any]] = []
        self.answers: dict[Any, dict[str, Any]] = {}
        self.on: dict[str, Any] = {"workspace/configuration": [None], "window/workDoneProgress/create": None}
        self._news = asyncio.Event()
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._ids = itertools.count(1)

    def _build(self, settings: Settings, host: Host, views: OpenViews) -> Parts:
        actions = CodeActions(
            self._actions,
            documents=OpenDocuments(DocumentLanguages(load_catalogue(default_paths()), lambda: ())),
            generator=self._generator,
            files=self._files,
            settings=lambda: settings,
        )
        return Parts(QuietCompleter(settings), actions, self._generator, self._files)

    # -- messages -----------------------------------------------------------------------------------------------------

    def _sent(self, body: bytes, *, droppable: bool = False) -> None:
        message = json.loads(body)
        if "method" in message:
            self.sent.append(message)
            if "id" in message:
                asyncio.get_running_loop().call_soon(self._answer, message)
        else:
            assert message["id"] not in self.answers, "one answer for each request"
            self.answers[message["id"]] = message
        self._news.set()

    def _answer(self, message: dict[str, Any]) -> None:
        reply = self.on.get(message["method"], NotImplementedError)
        reply = reply(message["params"]) if callable(reply) and reply is not NotImplementedError else reply
        if reply is SILENT:
            return
        answer = {"error": {"code": -32601, "message": "no"}} if reply is NotImplementedError else {"result": reply}
        self._receive({"id": message["id"], **answer})

    def _receive(self, message: Mapping[str, Any]) -> None:
        self._incoming.put_nowait(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def _pump(self) -> None:
        while True:
            self.server.protocol.receive(await self._incoming.get())
            await asyncio.sleep(0)  # as serve.py does

    def notify(self, method: str, params: Any) -> None:
        self._receive({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> int:
        number = next(self._ids)
        self._receive({"id": number, "method": method, "params": params})
        return number

    async def until(self, ready: Callable[[], Any]) -> Any:
        while not (found := ready()):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 20)
        return found

    async def answer(self, number: int) -> dict[str, Any]:
        await self.until(lambda: number in self.answers)
        return self.answers[number]

    async def call(self, method: str, params: Any) -> Any:
        """The result, or the error."""
        answer = await self.answer(self.ask(method, params))
        return answer.get("result", answer.get("error"))

    def told(self, method: str) -> list[Any]:
        """The parameters of every message of this method that the server sent."""
        return [message["params"] for message in self.sent if message["method"] == method]

    @property
    def shown(self) -> list[str]:
        """What popped up."""
        return [params["message"] for params in self.told("window/showMessage")]

    # -- what editors do ----------------------------------------------------------------------------------------------

    async def start(self, client: str | dict[str, Any] = "vscode", text: str = TEXT) -> None:
        """A recorded client, or one with these capabilities, and an open document."""
        self._pumping = asyncio.ensure_future(self._pump())
        plain = {"processId": None, "rootUri": None, "capabilities": client}
        await self.call("initialize", recorded(client) if isinstance(client, str) else plain)
        self.notify("initialized", {})
        await self.server.built()
        self.open(URI, text)

    def open(self, uri: str, text: str, version: int = 1, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def type(self, version: int = 2, uri: str = URI) -> None:
        """A key in the document."""
        changes = [{"range": span(0, 0), "text": "#"}]
        self.notify(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )

    async def menu(self, *, trigger: int = 1, **params: Any) -> Any:
        """What is offered for the first line."""
        context = {"diagnostics": [], "triggerKind": trigger, **params.pop("context", {})}
        asked = {"textDocument": {"uri": URI}, "range": span(0, 0, 0, 8), "context": context, **params}
        return await self.call("textDocument/codeAction", asked)

    def command(self, entry: Mapping[str, Any]) -> int:
        """Ask for an entry's command; the request's id."""
        named = entry["command"]
        named = named if isinstance(named, dict) else entry
        return self.ask("workspace/executeCommand", {"command": named["command"], "arguments": named["arguments"]})

    async def status(self) -> Any:
        return (await self.call("lspExperts/status", None))["actions"]


def span(line: int, character: int, end_line: int | None = None, end_character: int | None = None) -> dict[str, Any]:
    end = {
        "line": line if end_line is None else end_line,
        "character": character if end_character is None else end_character,
    }
    return {"start": {"line": line, "character": character}, "end": end}


def replaced(job: Job, new_text: str = "new", **how: Any) -> Outcome:
    """The selection replaced."""
    place = job.place
    change = Change(place.view.uri, place.start, place.end, new_text, place.view.version)
    return Edited("Make it new", (change,), **how)
