"""What the user and tools get told besides answers: each cause once, each silence counted under its reason."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from lsprotocol import types as t

from lsp_experts.server.ports import Silence, Suggestion

_LOG = logging.getLogger(__name__)

Notify = Callable[[str, Any], None]


class Notices:
    """Sends through `notify(method, params)`; `report` turns on the notifications meant for tools."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._told: set[str] = set()
        self.silences: Counter[str] = Counter()
        self.last_silence: Silence | None = None
        self.report = False

    def tell(self, message: str) -> None:
        """Show a sentence that asks the user for an action, at most once."""
        if message in self._told:
            return
        self._told.add(message)
        _LOG.warning("%s", message)
        self._notify(t.WINDOW_SHOW_MESSAGE, t.ShowMessageParams(t.MessageType.Warning, message))

    def show(self, message: str, kind: t.MessageType = t.MessageType.Info) -> None:
        """Answer something that the user did, each time."""
        self._notify(t.WINDOW_SHOW_MESSAGE, t.ShowMessageParams(kind, message.replace("\0", "")))

    def log(self, message: str) -> None:
        """A line for the client's log."""
        self._notify(t.WINDOW_LOG_MESSAGE, t.LogMessageParams(t.MessageType.Info, message))

    def answered(self, uri: str, answer: Suggestion | Silence) -> None:
        """Count a silence; tell tools about either."""
        if isinstance(answer, Silence):
            self.silences[answer.reason] += 1
            self.last_silence = answer
            _LOG.info("no suggestion: %s%s", answer.reason, f" ({answer.detail})" if answer.detail else "")
        if self.report:
            self._notify("lspExperts/completed", {"uri": uri, **_figures(answer)})

    def status(self, status: dict[str, Any]) -> None:
        """Tell that the status is this one now."""
        self._notify("lspExperts/status", status)


def _figures(answer: Suggestion | Silence) -> dict[str, Any]:
    if isinstance(answer, Silence):
        return {
            "silence": answer.reason,
            "detail": answer.detail,
            "promptTokens": answer.prompt_tokens,
            "decodedTokens": answer.decoded_tokens,
        }
    return {
        "expert": answer.expert,
        "reason": answer.expert_reason,
        "promptTokens": answer.prompt_tokens,
        "decodedTokens": answer.decoded_tokens,
        "firstTokenMs": answer.first_token_ms,
        "totalMs": answer.total_ms,
        "reused": answer.reused,
        "silence": None,
    }
