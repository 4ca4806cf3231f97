"""What `lsp-experts demo` does: types into a Go and an HTML file through the real server, and takes the figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psutil

from lsp_experts.lab.editor import Buffer, Editor, Keystroke, open_editor
from lsp_experts.paths import package_data

LOOK_ROUND_S = 1.0  # between switching to a file and typing in it: less than a person takes


@dataclass(frozen=True)
class Scene:
    """Typing in a file: behind `after`, `pasted` comes at once, `typed` key by key; the last suggestion is taken."""

    file: str
    language: str
    expert: str
    after: str
    pasted: str
    typed: str


SCENES = (
    Scene(
        "main.go",
        "go",
        "go-carved",
        after="\twriteJSON(w, http.StatusOK, note)\n}\n",
        pasted="\nfunc (s *Store) handleDelete(w http.ResponseWriter, r *http.Request) {\n\t",
        typed="name := strings.TrimP",
    ),
    Scene(
        "index.html",
        "html",
        "html-carved",
        after='        <li><a href="/about">About</a></li>\n',
        pasted="        ",
        typed='<li><a href="/notes/ar',
    ),
    Scene(
        "main.go",
        "go",
        "go-carved",
        after="// Get returns the note with the given id.\nfunc (s *Store) Get(id int) (Note, error) {\n",
        pasted="\t",
        typed="if id <",
    ),
)


@dataclass(frozen=True)
class Typed:
    """One keystroke of a scene and what the server said to it."""

    scene: Scene
    line: str  # the line up to the cursor
    keystroke: Keystroke


@dataclass(frozen=True)
class Switch:
    """Going from one file to another. `ready_ms`: from the switch to the expert being HOT."""

    origin: str
    to: str
    expert: str
    preloaded: bool  # HOT before the first keystroke
    ready_ms: float
    first_suggestion_ms: float  # from the first keystroke in the file to the first suggestion, silent answers included


@dataclass(frozen=True)
class Demo:
    """All that a run saw. Sizes in bytes, measured."""

    engine: Mapping[str, Any]
    experts: tuple[Mapping[str, Any], ...]
    typed: tuple[Typed, ...]
    switches: tuple[Switch, ...]
    budget_bytes: int
    engine_resident_bytes: int  # the most that was seen
    server_resident_bytes: int

    def as_json(self) -> dict[str, Any]:
        """The object that `lsp-experts demo --json` prints."""
        return {
            "engine": dict(self.engine),
            "experts": [dict(expert) for expert in self.experts],
            "completions": [
                {
                    "file": item.scene.file,
                    "expert": item.keystroke.expert,
                    "typed": item.line,
                    "text": item.keystroke.text,
                    "first_suggestion_ms": round(item.keystroke.wall_ms, 1),
                    "prompt_tokens": item.keystroke.prompt_tokens,
                    "decoded_tokens": item.keystroke.decoded_tokens,
                }
                for item in self.typed
                if item.keystroke.text is not None
            ],
            "switch": [
                {
                    "from": switch.origin,
                    "to": switch.to,
                    "expert": switch.expert,
                    "preloaded": switch.preloaded,
                    "ready_ms": round(switch.ready_ms, 1),
                    "first_suggestion_ms": round(switch.first_suggestion_ms, 1),
                }
                for switch in self.switches
            ],
            "memory": {
                "budget_bytes": self.budget_bytes,
                "engine_resident_bytes": self.engine_resident_bytes,
                "server_resident_bytes": self.server_resident_bytes,
            },
        }


class _Run:
    """The state of one run: open files, what was seen so far."""

    def __init__(self, editor: Editor, on_switch: Callable[[Switch], None], on_typed: Callable[[Typed], None]) -> None:
        self.editor, self.on_switch, self.on_typed = editor, on_switch, on_typed
        self.buffers: dict[str, Buffer] = {}
        self.typed: list[Typed] = []
        self.switches: list[Switch] = []
        self.engine_bytes = 0
        self._server = psutil.Process(editor.server_pid)

    async def play(self, scene: Scene, origin: str) -> None:
        """Switch to the scene's file, wait for its expert, type."""
        started = time.monotonic()
        buffer = self.buffers.get(scene.file)
        if buffer is None:
            text = (package_data() / "demo" / scene.file).read_text("utf-8")
            buffer = self.buffers[scene.file] = Buffer(f"file:///demo/{scene.file}", scene.language, text)
            self.editor.open(buffer)
        self.editor.focus(buffer)
        await self.editor.server_status()  # the server has read the switch
        preloaded = await self.editor.wait_hot(scene.expert)
        ready_ms = (time.monotonic() - started) * 1000
        await asyncio.sleep(LOOK_ROUND_S)
        switch = Switch(origin, scene.file, scene.expert, preloaded, ready_ms, first_suggestion_ms=0.0)
        self.on_switch(switch)
        first_ms = await self._type(scene, buffer)
        self.switches.append(replace(switch, first_suggestion_ms=first_ms))

    async def _type(self, scene: Scene, buffer: Buffer) -> float:
        offset = buffer.text.index(scene.after) + len(scene.after)
        first_ms, shown = 0.0, False
        keystroke = await self.editor.type(buffer, offset, scene.pasted + "\n", cursor=len(scene.pasted))
        offset += len(scene.pasted)
        for number in range(len(scene.typed) + 1):
            if number:
                keystroke = await self.editor.type(buffer, offset, scene.typed[number - 1])
                offset += 1
            line = buffer.text[buffer.text.rfind("\n", 0, offset) + 1 : offset]
            seen = Typed(scene, line, keystroke)
            self.typed.append(seen)
            self.on_typed(seen)
            self.engine_bytes = max(self.engine_bytes, *(child.memory_info().rss for child in self._server.children()))
            first_ms += 0.0 if shown else keystroke.wall_ms
            shown = shown or keystroke.text is not None
        if keystroke.text is not None:  # Tab
            await self.editor.type(buffer, offset, keystroke.text)
        return first_ms


async def run_demo(
    options: Mapping[str, Any], on_switch: Callable[[Switch], None], on_typed: Callable[[Typed], None]
) -> Demo:
    """Play the scenes against a server of its own. `on_switch` and `on_typed` are told as things happen."""
    async with open_editor({**options, "statistics": False}) as editor:  # it is no user
        run = _Run(editor, on_switch, on_typed)
        origin = ""
        for scene in SCENES:
            await run.play(scene, origin)
            origin = scene.file
        status = await editor.server_status()
        server_bytes = psutil.Process(editor.server_pid).memory_info().rss
    experts = tuple(
        {
            "id": state["id"],
            "languages": state["languages"],
            "file_bytes": state["fileBytes"],
            "resident_bytes": state["residentBytes"],
            "load_ms": state["loadMs"],
        }
        for state in status["experts"]
    )
    return Demo(
        engine=status.get("engine") or {},
        experts=experts,
        typed=tuple(run.typed),
        switches=tuple(run.switches),
        budget_bytes=int(status["budgetBytes"]),
        engine_resident_bytes=run.engine_bytes,
        server_resident_bytes=server_bytes,
    )
