"""Settings from the client: which source wins, and that each problem is told once."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_experts.server.configuration import Configuration
from lsp_experts.server.notices import Notices
from lsp_experts.settings import Settings


def check(initial: object, pushed: list[Any], expected: Settings, problems: int = 0) -> None:
    """After initialization options and pushes the settings are these, and so many messages were shown."""
    shown: list[Any] = []
    notices = Notices(lambda method, params: shown.append(params))
    changes: list[Settings] = []
    configuration = Configuration(notices.tell, changes.append)
    configuration.initial(initial)
    for settings in pushed:
        configuration.pushed(settings)
    assert configuration.settings == expected
    assert len(shown) == problems
    assert changes[-1:] == ([expected] if expected != Settings() else changes[-1:])


@pytest.mark.parametrize(
    ("initial", "pushed", "expected", "problems"),
    [
        (None, [], Settings(), 0),
        ({"maxTokens": 9}, [], Settings(max_tokens=9), 0),
        ({"lspExperts": {"maxTokens": 9}}, [], Settings(max_tokens=9), 0),
        ({"lspExperts": None}, [], Settings(), 0),
        ({"model": "m"}, [], Settings(), 0),
        ([1], [], Settings(), 1),
        ({"maxTokens": "9", "anchorLines": 2}, [], Settings(anchor_lines=2), 1),
        ({"maxTokens": "9", "anchorLines": -2}, [], Settings(), 1),
        ({"maxTokens": 9}, [None, {}, [], {"other": 1}], Settings(max_tokens=9), 0),
        ({"maxTokens": 9}, [{"lspExperts": {"maxLines": 3}}], Settings(max_tokens=9, max_lines=3), 0),
        ({"maxTokens": 9}, [{"lspExperts": {"maxTokens": 3}}, {"lspExperts": {}}], Settings(max_tokens=9), 0),
        (None, [{"lspExperts": {"maxTokens": True}}] * 3, Settings(), 1),
        ({"preferred": {"go": "base"}}, [], Settings(preferred={"go": "base"}), 0),
        ({"preferred": {"go": "base"}}, [{"lspExperts": {"preferred": {}}}], Settings(), 0),
        ({"preferred": {"go": 3}}, [{"lspExperts": {"preferred": "base"}}], Settings(), 2),
        (None, [{"lspExperts": {"enabled": 0}}, {"lspExperts": {"threads": 1.5}}], Settings(), 2),
    ],
)
def test_what_the_settings_are(initial: object, pushed: list[Any], expected: Settings, problems: int) -> None:
    check(initial, pushed, expected, problems)
