"""One suggestion that a client got, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lsp_experts.server.ports import Suggestion
from lsp_experts.server.timers import Timer

Kind = Literal["inline", "popup"]
_TYPED, _ACCEPTED = "t", "a"


@dataclass(eq=False)
class Offer:
    """`text` is what a client inserts at the code point `at`; `made` is the suggestion, `latest` what is left of it.

    `how` has a letter for each character of `text` that stands in the document: was it typed or accepted?
    """

    uri: str
    kind: Kind
    language: str
    day: str
    latency_ms: float
    made: Suggestion
    latest: Suggestion
    at: int
    text: str
    how: str = ""
    live: bool = True  # the client may still show it
    seen: bool = False  # the completer knows that it is on the screen
    shown: bool = False  # long enough to be read
    kept_30: bool | None = None  # still in the code 30 s after it was accepted; None: not known
    kept_300: bool | None = None
    ids: dict[int, str] = field(default_factory=dict)  # by how much of `text` stood there when the client got it
    timer: Timer | None = None

    @property
    def rest(self) -> str:
        """What of the text is not in the document yet."""
        return self.text[len(self.how) :]

    @property
    def cursor(self) -> int:
        """Where the rest would go."""
        return self.at + len(self.how)

    @property
    def accepted_chars(self) -> int:
        """How many characters were accepted: those that nobody had to type."""
        return self.how.count(_ACCEPTED)

    @property
    def outcome(self) -> Literal["whole", "partly", "typed", "none"]:
        """How it ended up in the document; typed: all of it, letter by letter."""
        complete = len(self.how) == len(self.text)
        if not self.accepted_chars:
            return "typed" if complete else "none"
        return "whole" if complete and self.how.endswith(_ACCEPTED) else "partly"

    @property
    def accepted_text(self) -> tuple[int, str]:
        """The part that was accepted, and its offset in the document."""
        start, end = self.how.find(_ACCEPTED), self.how.rfind(_ACCEPTED) + 1
        return self.at + start, self.text[start:end]

    def take(self, start: int, chars: int, *, accepted: bool) -> None:
        """`chars` characters from `start` on stand in the document; the client's word goes over what was inferred."""
        end = min(start + chars, len(self.text))
        self.how = self.how[:start] + (_ACCEPTED if accepted else _TYPED) * (end - start) + self.how[end:]
        self.live = self.live and bool(self.rest)
