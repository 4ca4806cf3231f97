"""Asks the expert again, with what follows: how much better would an alternative fit? Pure.

The hole goes from the start of a line above the word to the end of its line, so that actual text and alternatives are
cut into tokens alike everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_experts.actions.review.alternatives import Alternative
from lsp_experts.completion.anchor import place, prompt_text
from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import ScoreReport, Segment
from lsp_experts.settings import Settings


@dataclass(frozen=True)
class Surroundings:
    """How much of the text a prompt shows, and how many lines above the word's the hole begins."""

    prefix_chars: int
    suffix_chars: int
    lines_above: int


WIDE = Surroundings(1600, 500, 4)
NARROW = Surroundings(700, 250, 1)


@dataclass(frozen=True)
class Question:
    """`texts[0]` is what stands there; the others are what the alternatives make of it."""

    prompt: tuple[Segment, ...]
    texts: tuple[str, ...]

    def shows(self, name: str) -> bool:
        """Whether the expert can know `name`: it is shown in another place than the one that is asked about.

        A long name that is not shown near the place costs more nats than any short one.
        """
        shown = (*(part.text for part in self.prompt if not part.control), self.texts[0])
        return len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", "\n".join(shown))) > 1


def question(
    text: str, alternatives: Sequence[Alternative], template: FimTemplate | None, shown: Surroundings, n_ctx: int
) -> Question:
    """What to ask of `alternatives`, at least one, all in one line. `text` has plain newlines; `n_ctx` in tokens."""
    fits = Settings(prefix_chars=min(shown.prefix_chars, n_ctx), suffix_chars=min(shown.suffix_chars, n_ctx // 3))
    found = text.find("\n", max(each.end for each in alternatives))
    end = len(text) if found < 0 else found + 1  # the hole ends where the line below begins
    anchor = place(text, end, replace(fits, anchor_lines=shown.lines_above + (found >= 0)))
    asked = prompt_text(anchor, text, end)
    variants = (text[anchor.offset : each.start] + each.text + text[each.end : end] for each in alternatives)
    texts = (asked.tail, *variants)
    return Question(segments(template, asked.head, asked.suffix, ""), texts)


def deltas(report: ScoreReport) -> tuple[float, ...]:
    """For each alternative by how many nats it is likelier than what stands there."""
    actual, *others = (sum(score.log_probabilities) for score in report.scores)
    return tuple(other - actual for other in others)
