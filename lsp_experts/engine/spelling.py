"""A completion in the making, the same way for the engine and its fake: its text, its tokens, whether it goes on."""

from __future__ import annotations

from lsp_experts.engine.protocol import Stop, StopReason
from lsp_experts.engine.repetition import kept_pieces
from lsp_experts.engine.stopping import cut


class Spelling:
    """Text that grows token by token under the rules of a Stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self.text = ""
        self._pieces: list[str] = []
        self._starts: list[int] = []  # where in the text each token begins
        self._probabilities: list[float] = []

    def add(self, piece: str, probability: float) -> None:
        """One more token."""
        self._starts.append(len(self.text))
        self._pieces.append(piece)
        self._probabilities.append(probability)
        self.text += piece

    def would_end(self, more: str) -> bool:
        """Whether the text with `more` behind it is one that the rules of the text end."""
        return cut(self.text + more, self._stop) is not None

    def kept_with(self, more: str) -> str:
        """What the rules of the text would leave of it with `more` behind it."""
        text = self.text + more
        return (cut(text, self._stop) or (text, ""))[0]

    def verdict(self) -> tuple[str, StopReason] | None:
        """The text to keep and why it ends there, None while it may go on."""
        return cut(self.text, self._stop) or self._repeated() or self._unsure()

    def at_end(self, reason: StopReason) -> tuple[str, StopReason]:
        """The text to keep when nothing more will come because of `reason`."""
        return cut(self.text, self._stop, final=True) or (self.text, reason)

    def line_probabilities(self, kept: str) -> tuple[float, ...]:
        """Of each line of `kept`, a beginning of the text: the product over its tokens.

        A token counts to the line that it begins in. So a line break counts to the line that it ended, even where
        `kept` ends before it.
        """
        products = [1.0] * (kept.count("\n") + 1)
        for start, probability in zip(self._starts, self._probabilities, strict=True):
            if start < len(kept) or (start == len(kept) and self.text.startswith("\n", start)):
                products[kept.count("\n", 0, start)] *= probability
        return tuple(products)

    def _repeated(self) -> tuple[str, StopReason] | None:
        kept = kept_pieces(self._pieces) if self._stop.repetition else None
        return None if kept is None else (self.text[: self._starts[kept]], "repetition")

    def _unsure(self) -> tuple[str, StopReason] | None:
        """Judges the line of the newest token: an unsure first line stays as it is, a later one goes."""
        if not self._starts or self._stop.least_probability <= 0:
            return None
        line = self.text.count("\n", 0, self._starts[-1])
        if self.line_probabilities(self.text)[line] >= self._stop.least_probability:
            return None
        return "\n".join(self.text.split("\n")[: max(1, line)]), "unsure"
