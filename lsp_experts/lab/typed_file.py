"""A file whose middle is typed, and the prompt of each moment of it, spelled as the server spells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_experts.completion.anchor import place, prompt_text
from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import Complete, Stop
from lsp_experts.lab.bench_latency import Replay, replay_of, shipped_files
from lsp_experts.registry.entry import Entry
from lsp_experts.settings import Settings

KEYSTROKES = 80
_SETTINGS = replace(Settings(), prefix_chars=450, suffix_chars=200)  # about 200 tokens of code


@dataclass(frozen=True)
class TypedFile:
    """Its text with the first keystrokes made, behind one anchor."""

    replay: Replay

    def request(self, expert: str, template: FimTemplate | None, keys: int, *, max_tokens: int) -> Complete:
        """What the server asks `expert` after `keys` keystrokes; after the last one they begin anew."""
        text, offset, typed = self.replay.text, self.replay.offset, self.replay.typed
        typed = typed[: keys % (len(typed) + 1)]
        anchor = place(text, offset, _SETTINGS)
        parts = prompt_text(anchor, text[:offset] + typed + text[offset:], offset + len(typed))
        return Complete(
            expert, segments(template, parts.head, parts.suffix, parts.tail), stop=Stop(max_tokens=max_tokens)
        )


def typed_file(entry: Entry) -> TypedFile:
    """The shipped file in the first of the expert's languages that has one; Go for all others."""
    replays = shipped_replays()
    by_language = {replay.language: replay for replay in replays}
    found = (by_language[language] for language in entry.languages if language in by_language)
    return TypedFile(next(found, replays[0]))


def shipped_replays() -> Sequence[Replay]:
    """The shipped files, with KEYSTROKES to type in the middle of each."""
    return [replay_of(path.name, language, path.read_text("utf-8"), KEYSTROKES) for path, language in shipped_files()]
