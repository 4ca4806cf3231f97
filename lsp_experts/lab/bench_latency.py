"""`lsp-experts bench latency`: real files typed through the real server, anchored and with the usual prompt.

The figure that does not depend on the machine is prompt tokens per keystroke; times are for comparing the two prompts
within one run. Reusing an earlier suggestion is switched off, so that every keystroke asks the model.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_experts.errors import ExpertsError, UsageError
from lsp_experts.lab.editor import EVERY_KEY_ASKS, Buffer, Editor, Keystroke, open_editor
from lsp_experts.paths import package_data

STYLES = ("anchored", "usual")


@dataclass(frozen=True)
class Replay:
    """A file whose middle is typed: `text` without the part `typed`, which belongs at `offset`."""

    name: str
    language: str
    text: str
    offset: int
    typed: str


def replay_of(name: str, language: str, text: str, keystrokes: int) -> Replay:
    """The `keystrokes` characters from the middle line on, taken out of `text`. UsageError if it is too short."""
    start = text.find("\n", len(text) // 2) + 1
    typed = text[start : start + keystrokes]
    if start == 0 or len(typed) < keystrokes:
        raise UsageError(
            f"{name} is too short to type {keystrokes} characters from its middle.", remedy="Give a longer file."
        )
    end = text.find("\n", start + keystrokes)  # the rest of the last typed line is not there yet either
    return Replay(name, language, text[:start] + text[end if end >= 0 else len(text) :], start, typed)


def shipped_files() -> tuple[tuple[Path, str], ...]:
    """(file, language id) of what is typed by default: the demo's files and a module of this package."""
    demo = package_data() / "demo"
    own = Path(__file__).parent.parent / "completion" / "anchor.py"
    return ((demo / "main.go", "go"), (demo / "index.html", "html"), (own, "python"))


async def bench_latency(replays: Sequence[Replay], on_key: Callable[[str, str, int, int], None]) -> dict[str, Any]:
    """{"start_to_first_suggestion_ms", "languages": {language: {style: figures}}}; one server for each style.

    `on_key` is told (file, style, done, all). ExpertsError if nobody answers for a file.
    """
    languages: dict[str, dict[str, Any]] = {replay.language: {} for replay in replays}
    start_ms = 0.0
    for style in STYLES:
        started = time.monotonic()
        async with open_editor({**EVERY_KEY_ASKS, "promptStyle": style}, name="lsp-experts bench") as editor:
            for number, replay in enumerate(replays):
                buffer = Buffer(f"file:///bench/{replay.name}", replay.language, replay.text)
                editor.open(buffer)
                first = await _first(editor, buffer, replay)
                if style == "anchored" and number == 0:
                    start_ms = (time.monotonic() - started) * 1000
                strokes = await _type(editor, buffer, replay, style, on_key)
                languages[replay.language][style] = {"expert": first.expert, **figures(strokes)}
    return {"start_to_first_suggestion_ms": round(start_ms, 1), "languages": languages}


async def _first(editor: Editor, buffer: Buffer, replay: Replay) -> Keystroke:
    """The first answer of the expert that the file asks for, once it is HOT."""
    focused = (await editor.server_status())["focused"]
    if focused is None or not focused["experts"]:
        raise ExpertsError(
            f"Nobody completes {replay.language}.",
            remedy=f"`lsp-experts carve --language {replay.language}` or `lsp-experts pull qwen2.5-coder-0.5b`.",
        )
    wanted = focused["experts"][0]["id"]
    if not await editor.wait_hot(wanted):
        raise ExpertsError(f"{wanted} does not load.", remedy="`lsp-experts doctor` looks for the cause.")
    return await editor.ask(buffer, replay.offset)


async def _type(
    editor: Editor, buffer: Buffer, replay: Replay, style: str, on_key: Callable[[str, str, int, int], None]
) -> list[Keystroke]:
    strokes = []
    for number, char in enumerate(replay.typed):
        strokes.append(await editor.type(buffer, replay.offset + number, char))
        on_key(replay.name, style, number + 1, len(replay.typed))
    return strokes


def figures(strokes: Sequence[Keystroke]) -> Mapping[str, float | int]:
    """Exact tokens over every keystroke, silent ones too; percentiles of the times of those that got a suggestion."""
    times = sorted(stroke.wall_ms for stroke in strokes if stroke.text is not None)
    return {
        "keystrokes": len(strokes),
        "suggested": sum(stroke.text is not None for stroke in strokes),
        "prompt_tokens_per_keystroke": round(statistics.fmean(stroke.prompt_tokens for stroke in strokes), 3),
        "decoded_tokens_per_keystroke": round(statistics.fmean(stroke.decoded_tokens for stroke in strokes), 3),
        "first_suggestion_ms_p50": round(percentile(times, 0.5), 1),
        "first_suggestion_ms_p95": round(percentile(times, 0.95), 1),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ascending values, 0.0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
