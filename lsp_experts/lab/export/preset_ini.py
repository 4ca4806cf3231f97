"""Presets of llama.cpp's router as text, and back. Pure.

Grammar: common/preset.cpp of llama.cpp (a value ends at the first ; or #, wherever it stands); keys are the server's
long options without dashes, tools/server/README.md, "Model presets".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lsp_experts.errors import UsageError

Preset = Mapping[str, str]  # option -> value

_NUMBERS = frozenset({"batch-size", "cache-ram", "cache-reuse", "ctx-size", "parallel", "ubatch-size"})
_SWITCHES = frozenset({"kv-unified", "load-on-startup", "slots"})
_FILES = frozenset({"lora", "model"})
_TEXTS = frozenset({"hf-file", "hf-repo"})
_HEAD = re.compile(r"\[([^]\r\n]+)\]")
_PAIR = re.compile(r"([a-zA-Z_][a-zA-Z0-9_.-]*)[ \t]*=[ \t]*(.*)")
_FORBIDDEN = re.compile(r"[;#\r\n]|^\s|\s$")


def preset_text(sections: Mapping[str, Preset], remark: str) -> str:
    """The file with `remark` at its head; section `*` is for all. UsageError for what the format cannot say."""
    lines = [f"; {line}" for line in remark.splitlines()] + ["version = 1"]
    for name, options in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(key, value)}" for key, value in options.items())]
    text = "\n".join(lines) + "\n"
    if parse_preset(text) != {name: dict(options) for name, options in sections.items()}:
        raise UsageError("The presets cannot be written so that llama.cpp would read them.")
    return text


def parse_preset(text: str) -> dict[str, dict[str, str]]:
    """Section -> options, as llama.cpp reads them. UsageError for a line or an option that it would refuse."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.split("[;#]", raw)[0].strip(" \t")
        if head := _HEAD.fullmatch(line):
            section = found.setdefault(head[1].strip(" \t"), {})
        elif pair := _PAIR.fullmatch(line):
            if section is not None:
                section[pair[1]] = _value(pair[1], pair[2])
            elif pair[1] != "version":
                raise UsageError(f"Line {number} of the presets stands before any section.")
        elif line:
            raise UsageError(f"Line {number} of the presets is no option: {line!r:.80}.")
    return found


def _value(key: str, value: str) -> str:
    if key in _NUMBERS:
        right = value.isascii() and value.isdigit()
    elif key in _SWITCHES:
        right = value in ("true", "false")
    else:
        right = key in _FILES | _TEXTS and bool(value) and not _FORBIDDEN.search(value)
        right = right and not (key == "lora" and "," in value)  # there a comma parts several adapters
    if not right:
        remedy = "Move the store to a folder without ; # and , in its path (LSP_EXPERTS_HOME)."
        raise UsageError(
            f"llama.cpp's presets cannot say {key} = {value!r:.200}.", remedy=remedy if "/" in value else ""
        )
    return value
