"""The patterns of a .gitignore, the odd ones too."""

from __future__ import annotations

import pytest

from lsp_experts.syntax.gitignore import ignore_rules


@pytest.mark.parametrize("odd", ["", "!", "\\", "[z-a]", "[", "\x80\xff", "# a comment"])
def test_a_line_that_is_no_pattern_hides_no_other(odd: str) -> None:
    rules = ignore_rules(f"*.log\n{odd}\n!kept.log\n")
    assert rules.match_file("a.log") and not rules.match_file("kept.log") and not rules.match_file("a.py")
