"""A user's document while it is typed, and the product's request after each keystroke: prompt, stop rules, affinity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lsp_experts.completion.anchor import prompt_text
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.session import Session
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import Complete
from lsp_experts.lab.bench_latency import Replay, replay_of
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.replay_typist import gaps_s
from lsp_experts.lab.typed_file import KEYSTROKES, shipped_replays
from lsp_experts.registry.entry import Entry
from lsp_experts.settings import Settings
from lsp_experts.syntax.scope import scope_at

_SHOWN_CHARS = 2600  # half of it is less than Settings.prefix_chars


class TypedDocument:
    """One user's document: its middle is missing and typed anew, key by key.

    Each user has a shipped file that begins at a line of its own (the lines before it follow at the end), cut so that
    prompts show it from that line on. So no two users' prompts begin alike: a server that knows one of them knows
    nothing of another.
    """

    def __init__(self, user: int, entry: Entry, template: FimTemplate | None, settings: Settings) -> None:
        self._entry, self._template, self._settings = entry, template, settings
        self._replay = _turned(user)
        self._offset, self._version = self._replay.offset, 0
        self.uri = f"file:///team/{user}/{self._replay.name}"
        self._session = Session.of(self._view(self._replay.text), self._replay.language)

    def pauses_s(self, cadence_ms: float, seed: int) -> tuple[float, ...]:
        """Seconds before each of its keys, as `bench replay` types: lab/replay_typist.py has the sources."""
        made = self._replay
        case = Case(Path(made.name), made.language, made.language, "block", made.text, made.offset, made.typed)
        return gaps_s(case, cadence_ms, seed)

    def keystrokes(self) -> Iterator[Complete]:
        """Types it: what is asked after each key."""
        for char in self._replay.typed:
            text = self._session.view.text
            self._version += 1
            self._session.update(self._view(text[: self._offset] + char + text[self._offset :]))
            self._offset += 1
            yield self._request()

    def _view(self, text: str) -> DocumentView:
        return DocumentView(self.uri, self._replay.language, self._version, text)

    def _request(self) -> Complete:
        session, settings, offset = self._session, self._settings, self._offset
        text = session.view.text
        anchor = session.anchor_for(self._entry.id, offset, settings, settings)
        parts = prompt_text(anchor, text, offset)
        return Complete(
            expert=self._entry.id,
            segments=segments(self._template, parts.head, parts.suffix, parts.tail),
            heal=settings.prompt_style == "anchored",
            stop=stop_for(
                Cursor(text, offset),
                self._template,
                settings,
                scope=scope_at(session.tree, offset),
                language=session.language,
            ),
        )


def styled(settings: Settings, style: str) -> Settings:
    """`settings` with another promptStyle."""
    return replace(settings, prompt_style=style)


def _turned(user: int) -> Replay:
    replays = shipped_replays()
    replay = replays[user % len(replays)]
    whole = replay.text[: replay.offset] + replay.typed + replay.text[replay.offset :]
    lines = whole.splitlines(keepends=True)
    first = user // len(replays) % len(lines)
    text = "".join(lines[first:] + lines[:first])
    return replay_of(replay.name, replay.language, text[: text.rfind("\n", 0, _SHOWN_CHARS) + 1], KEYSTROKES)
