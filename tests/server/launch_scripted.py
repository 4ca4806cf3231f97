"""Starts the real server over a completer that obeys the document's URI. Started by tests as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lsp_experts.completion.answer import Suggestion
from lsp_experts.errors import ExpertsError
from lsp_experts.server.ports import DocumentView, Host, OpenViews, Parts, Silence
from lsp_experts.server.serve import serve
from lsp_experts.settings import Settings

MULTI_LINE = "for {\n\tprint(${x}) \\\n}"


class ScriptedCompleter:
    """`uri` decides: slow, turns, thread, raise, silent, multi, two, print, load; anything else echoes its
    question, a notebook's cell what came earlier.
    """

    def __init__(self, settings: Settings, host: Host) -> None:
        self.settings, self.host = settings, host
        self.events: list[list[Any]] = []
        self.seen: list[list[str]] = []
        self.cancelled = 0
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=pipe, stdout=nothing, stderr=nothing)
        self.child = child.pid

        async def close() -> None:
            child.kill()
            child.wait()

        host.at_exit(close)

    async def complete(self, view: DocumentView, offset: int, *, manual: bool) -> Suggestion | Silence:
        self.events.append(["complete", view.uri, view.version, offset, manual])
        if "slow" in view.uri:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if "thread" in view.uri:
            await asyncio.to_thread(time.sleep, 600)
        if "raise" in view.uri:
            raise RuntimeError(view.text)
        if "silent" in view.uri:
            return Silence("scripted")
        if "print" in view.uri:
            print("this must not reach the wire", flush=True)
        if "turns" in view.uri:
            await asyncio.sleep(0.05)
        self.host.changed()
        text = MULTI_LINE if "multi" in view.uri else f"<{view.text[:offset][-20:]}>"
        text = f"<{view.earlier}>" if view.earlier else text
        others = (Suggestion("other", 0, "html-expert", "general"),) if "two" in view.uri else ()
        right = 1 if "replace" in view.uri else 0
        return Suggestion(text, right, "go-expert", "expert", 3, 5, 7.0, 11.0, 0.5, False, others=others)

    def opened(self, view: DocumentView) -> None:
        self.events.append(["opened", view.uri, view.language])
        if "load" in view.uri:
            self.host.loading({"go-expert": 0.0})

    def focused(self, view: DocumentView) -> None:
        self.events.append(["focused", view.uri])

    def changed(self, view: DocumentView) -> None:
        self.events.append(["changed", view.uri, view.version, view.text[-200:]])
        if "load" in view.uri:
            self.host.loading({"go-expert": 0.5})

    def closed(self, uri: str) -> None:
        self.events.append(["closed", uri])
        if "load" in uri:
            self.host.loading({})

    def shown(self, uri: str, suggestion: Suggestion) -> None:
        self.seen.append([uri, suggestion.text])

    def configure(self, settings: Settings) -> None:
        self.settings = settings

    def status(self) -> dict[str, Any]:
        if any("status-raises" in event[1] for event in self.events):
            raise RuntimeError("a secret of the document")
        uri = self.events[-1][1] if self.events else ""
        return {
            "focused": {"uri": uri, "language": "go", "experts": [{"id": "go-expert", "reason": "expert"}]},
            "experts": [{"id": "go-expert", "state": "HOT", "answers": len(self.events)}],
            "last": {"uri": uri, "expert": "go-expert", "totalMs": 11.0},
            "workspace": self.host.workspace_uri,
            "events": self.events,
            "seen": self.seen,
            "cancelled": self.cancelled,
            "child": self.child,
            "settings": {"maxTokens": self.settings.max_tokens, "anchorLines": self.settings.anchor_lines},
        }


def scripted(settings: Settings, host: Host, views: OpenViews) -> Parts:
    return Parts(ScriptedCompleter(settings, host))


def no_completer(settings: Settings, host: Host, views: OpenViews) -> Parts:
    raise ExpertsError("No registry.", remedy="Install again.")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--log-level", default="DEBUG")
    parser.add_argument("--broken", dest="build", action="store_const", const=no_completer, default=scripted)
    return serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
