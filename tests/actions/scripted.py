"""A Generator that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_experts.actions.generator import Generator, Hole, Said, Spell
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import ScoreReport, Stop, TextScore
from lsp_experts.engine.stopping import cut
from lsp_experts.errors import ActionRefused

EXPERT = "scripted"
Answer = str | Said | Exception


@dataclass(frozen=True)
class Filled:
    """One call of `fill`."""

    language: str
    hole: Hole
    stop: Stop
    choices: int
    heal: bool


@dataclass(frozen=True)
class Followed:
    """One call of `follow`."""

    language: str
    turns: tuple[Turn, ...]
    stop: Stop
    answer: str
    prose: bool

    @property
    def asked(self) -> str:
        """All that was said to the expert."""
        return "\n".join(turn.text for turn in self.turns)


@dataclass(frozen=True)
class Scored:
    """One call of `score`."""

    language: str
    texts: tuple[str, ...]


Asked = Filled | Followed | Scored


class ScriptedGenerator(Generator):
    """Answers in the order given; a text is cut by the stop rules as an engine would, an exception is raised.

    `scores` answers `score` from its texts. Without answers left, or without `fills` or `follows`, it refuses.
    """

    def __init__(
        self,
        *answers: Answer,
        scores: Callable[[tuple[str, ...]], tuple[TextScore, ...]] | None = None,
        fills: bool = True,
        follows: bool = True,
        size_bytes: int | None = None,
    ) -> None:
        self.answers, self.scores, self.fills, self.follows = deque(answers), scores, fills, follows
        self.size_bytes = size_bytes
        self.asked: list[Asked] = []

    @property
    def filled(self) -> list[Filled]:
        """The calls of `fill`."""
        return [each for each in self.asked if isinstance(each, Filled)]

    @property
    def followed(self) -> list[Followed]:
        """The calls of `follow`."""
        return [each for each in self.asked if isinstance(each, Followed)]

    def can_fill(self, language: str) -> bool:
        """As told."""
        return self.fills

    def can_follow(self, language: str, *, prose: bool = False) -> bool:
        """As told."""
        return self.follows

    def expert_for(self, language: str, *, prose: bool = False) -> str:
        """The one there is."""
        return EXPERT if self.follows else ""

    def size_of(self, expert: str) -> int | None:
        """As told."""
        return self.size_bytes

    async def fill(
        self,
        language: str,
        hole: Hole,
        stop: Stop,
        *,
        choices: int = 1,
        heal: bool = False,
        progress: Callable[[str], None] = lambda sentence: None,
    ) -> Said:
        """The next answer."""
        self.asked.append(Filled(language, hole, stop, choices, heal))
        return self._next(stop, self.fills, progress)

    async def follow(
        self,
        language: str,
        turns: Sequence[Turn],
        stop: Stop,
        *,
        answer: str = "",
        prose: bool = False,
        progress: Callable[[str], None] = lambda sentence: None,
    ) -> Said:
        """The next answer."""
        self.asked.append(Followed(language, tuple(turns), stop, answer, prose))
        return self._next(stop, self.follows, progress)

    async def score(self, language: str, spell: Spell, texts: tuple[str, ...]) -> tuple[ScoreReport, str]:
        """What `scores` says; the prompt is not spelled."""
        self.asked.append(Scored(language, texts))
        if self.scores is None:
            raise ActionRefused("The script has no scores.")
        return ScoreReport(self.scores(texts), 0, 0, 0.0), EXPERT

    def _next(self, stop: Stop, able: bool, progress: Callable[[str], None]) -> Said:
        if not able or not self.answers:
            raise ActionRefused("The script has no answer left." if able else "No expert can.")
        progress(f"{EXPERT} is writing")
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Said):
            return answer
        found = cut(answer, stop, final=True)
        return Said(found[0] if found else answer, True, EXPERT)
