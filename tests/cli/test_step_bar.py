"""The bar that counts the steps of a bench."""

from __future__ import annotations

import pytest

from lsp_experts.cli.progress import step_bar


def test_names_are_no_markup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with step_bar("begins") as on_step:
        on_step("making [/b]", 1, 2)
    assert "making [/b]" in capsys.readouterr().err
