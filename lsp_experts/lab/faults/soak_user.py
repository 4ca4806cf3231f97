"""The user of the soak: works in one file of each language, and looks at all that comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import engine_below, expert_state, open_document
from lsp_experts.lab.faults.soak_plan import STARTS, Draft, Step, edited
from lsp_experts.lab.faults.talk import INLINE, busy, changed, status

_AGAIN_S, _HANG_S = 0.03, 120.0
_CANCELLED = -32800


@dataclass
class Seen:
    """What the client has seen so far. `server_bytes`, `both_bytes`: one sample of resident memory for each step."""

    asked: int = 0
    answered: int = 0
    shown: int = 0
    changes: int = 0  # of the language
    swaps: int = 0  # of them, those to an expert that was not ready
    kills: int = 0
    errors: list[str] = field(default_factory=list)
    server_bytes: list[int] = field(default_factory=list)
    both_bytes: list[int] = field(default_factory=list)


class SoakUser:
    """One editor; `seen` begins anew when `begin` has ended."""

    def __init__(self, client: RawClient, folder: Path, chance: random.Random) -> None:
        self.seen = Seen()
        self._client, self._folder, self._chance = client, folder, chance
        self._drafts = {name: Draft(text, len(text)) for name, (_, text) in STARTS.items()}
        self._language = tuple(STARTS)[-1]
        self._suggestion = ""
        self._cancelled: set[str] = set()
        self._base: Mapping[str, Any] = {}

    async def begin(self) -> None:
        """Open all files, and set a budget that two experts do not fit into."""
        for name in STARTS:
            self._open(name)
        self._set({})
        for name in STARTS:
            await self._until_suggested(name)
        now = await status(self._client)
        sizes = [expert["residentBytes"] for expert in now["experts"] if expert["state"] == "HOT"]
        self._base = {"memoryBudgetBytes": now["residentBytes"] - sum(sizes) + max(sizes)}
        self._set({})
        for name in STARTS:  # what does not fit any more has left then
            await self._until_suggested(name)
        self.seen = Seen()

    async def work(self, step: Step) -> None:
        """Do a step, and wait for what it asked."""
        if step.settings is not None:
            self._set(step.settings)
        if step.language != self._language:
            self._language, self._suggestion = step.language, ""
            self.seen.changes += 1
            self.seen.swaps += (await expert_state(self._client, step.language)).get("state") != "HOT"
        if step.reopens:
            self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri(step.language)}})
            self._open(step.language)
        if step.kills:
            await self._kill(step.language)
        asked: list[str] = []
        for _ in range(step.keys):
            self._cancel(asked)
            self._edit(step.language)
            asked.append(self._ask(step.language, INLINE))
        if step.asks_popup:
            asked.append(self._ask(step.language, "textDocument/completion"))
        if step.saves:
            self._client.notify("textDocument/didSave", {"textDocument": {"uri": self._uri(step.language)}})
        for request in asked:
            await self._answer(request)
        self._look()

    async def finish(self) -> int:
        """In how many languages something is suggested at the end. The server leaves."""
        self._set({})
        languages = 0
        for name in STARTS:
            with suppress(TimeoutError):
                await self._until_suggested(name)
                languages += 1
        self._look()
        await self._answer(self._asked("shutdown"))
        self._client.notify("exit")
        code = await asyncio.wait_for(self._client.process.wait(), _HANG_S)
        self.seen.errors += [f"exit code {code}"] * (code != 0)
        self.seen.errors += [f"another answer to {request}" for request in self._client.answers]
        self.seen.errors += ["a traceback on stderr"] * (b"Traceback" in self._client.stderr)
        return languages

    def _uri(self, language: str) -> str:
        return (self._folder / STARTS[language][0]).as_uri()

    def _open(self, language: str) -> None:
        draft = self._drafts[language]
        open_document(self._client, self._uri(language), language, draft.text)
        self._drafts[language] = Draft(draft.text, draft.cursor)

    def _set(self, settings: Mapping[str, Any]) -> None:
        section = {"speculate": True, "warm": True, "reuseSuggestions": True, **self._base, **settings}
        self._client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": section}})

    def _edit(self, language: str) -> None:
        edit = edited(self._drafts[language], self._suggestion, STARTS[language][1], self._chance)
        self._drafts[language], self._suggestion = edit.draft, ""
        self._client.notify(
            "textDocument/didChange", changed(self._uri(language), edit.draft.version, dict(edit.change))
        )

    def _ask(self, language: str, method: str) -> str:
        draft = self._drafts[language]
        document, position = {"uri": self._uri(language)}, draft.position(draft.cursor)
        context = {"triggerKind": self._chance.choice((1, 2))} if method == INLINE else {"triggerKind": 1}
        return self._asked(method, {"textDocument": document, "position": position, "context": context})

    def _asked(self, method: str, params: object = None) -> str:
        self.seen.asked += 1
        request = f"{method} {self.seen.asked}"
        self._client.ask(request, method, params)
        return request

    def _cancel(self, asked: Sequence[str]) -> None:
        """Editors withdraw a request when the user types on; some do not."""
        if asked and self._chance.random() < 0.7:
            self._cancelled.add(asked[-1])
            self._client.notify("$/cancelRequest", {"id": asked[-1]})

    async def _answer(self, request: str) -> None:
        answers = self._client.answers
        try:
            await self._client.until(lambda: answers[request], _HANG_S)
        except TimeoutError:
            self.seen.errors.append(f"no answer to {request}")
            return
        found = answers.pop(request)  # another one would be there at the end
        self.seen.answered += 1
        error, withdrawn = found[0].get("error"), request in self._cancelled
        self._cancelled.discard(request)
        if error and not (withdrawn and error["code"] == _CANCELLED):
            self.seen.errors.append(f"{error['code']} for {request.split()[0]}")
        result = found[0].get("result")
        items = result.get("items") if isinstance(result, dict) else None
        if items and request.startswith(INLINE):
            self._suggestion = items[0]["insertText"]
            self.seen.shown += 1

    async def _until_suggested(self, language: str) -> None:
        """Ask until something is suggested, at the end of the file as it was at first. TimeoutError."""
        start = STARTS[language][1]
        shown = self.seen.shown
        async with asyncio.timeout(_HANG_S):
            while self.seen.shown == shown:
                version = self._drafts[language].version + 1
                draft = self._drafts[language] = Draft(f"{version}\n{start}", len(f"{version}\n{start}"), version)
                self._client.notify(
                    "textDocument/didChange", changed(self._uri(language), version, {"text": draft.text})
                )
                await self._answer(self._ask(language, INLINE))
                await asyncio.sleep(_AGAIN_S)  # the expert is loading

    async def _kill(self, language: str) -> None:
        await self._until_suggested(language)
        engine = engine_below(self._client.process.pid)
        engine.suspend()  # so that it is in the middle of the request, however fast it is
        self._edit(language)
        request = self._ask(language, INLINE)
        await busy(self._client)
        engine.kill()
        await self._answer(request)
        self.seen.kills += 1

    def _look(self) -> None:
        """Memory, and what the server said beside answers."""
        for message in self._client.sent:
            if message["method"] in ("window/showMessage", "window/logMessage") and message["params"]["type"] <= 2:
                self.seen.errors.append(message["params"]["message"])
        self._client.sent.clear()
        for request in [each for each in self._client.answers if str(each).startswith(("initialize", "status"))]:
            del self._client.answers[request]
        server = psutil.Process(self._client.process.pid).memory_info().rss
        self.seen.server_bytes.append(server)
        try:
            engine = engine_below(self._client.process.pid).memory_info().rss
        except (ProcessLookupError, psutil.NoSuchProcess):
            return  # between two lives
        self.seen.both_bytes.append(server + engine)
