"""What the text of a .gitignore says."""

from __future__ import annotations

import re

from pathspec import GitIgnoreSpec


def ignore_rules(text: str) -> GitIgnoreSpec:
    """The patterns of a .gitignore; lines that are none ("!", "[z-a]") are left out, as git does."""
    good: list[str] = []
    for line in text.splitlines():
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            continue
        good.append(line)
    return GitIgnoreSpec.from_lines(good)
