"""What the server obeys. Options (client JSON, lenient) become Settings (complete, checked once)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

_CAMEL = re.compile(r"_([a-z])")


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; the JSON name is the camelCase of the field (section `lspExperts`)."""

    enabled: bool = True
    memory_budget_bytes: int = 0  # 0: half of the memory that is available at start
    threads: int = 0  # 0: physical cores
    anchor_lines: int = 4  # measured: `lsp-experts bench fim`, see ARCHITECTURE.md
    anchor_max_lines: int = 40  # the anchor moves when more lines than this stand below it
    prompt_style: str = "anchored"  # or "usual": what other servers send, for comparison
    prefix_chars: int = 1600
    suffix_chars: int = 500
    first_suggestion_ms: int = 2500  # decoding a new prompt may take this long; a slow machine gets a shorter one
    max_tokens: int = 48
    max_lines: int = 8
    time_limit_ms: int = 2000
    preferred: Mapping[str, str] = field(default_factory=dict)  # language -> the expert to ask first, if installed
    interpreter: str = "auto"  # an expert id, "auto" (first installed entry marked as one) or "none"
    preload: bool = True
    predict: bool = True  # learn which language follows which in a workspace, and have its expert ready
    on_battery: str = "save"  # "full" | "save": loads only what a request needs | "off": loads nothing
    gpu_layers: int = -1  # -1: as many as fit into free GPU memory; 0: none
    combine: str = "off"  # "off" | "rank" | "ensemble": what two HOT experts that fit the place do together
    context_chars: int = 400  # of other files in a new prompt, as far as first_suggestion_ms leaves room; 0: none
    warm: bool = True
    reuse_suggestions: bool = True  # typing what was suggested needs no model call
    max_document_chars: int = 2_000_000
    max_line_chars: int = 20_000
    snippets: str = "auto"  # multi-line completion items as snippets: "auto" | "never"
    regions: bool = True  # a stretch of another language inside a document is completed by its own expert
    trigger: str = "smart"  # "smart": automatic requests only where a suggestion can help | "always"
    debounce: str = "adaptive"  # "adaptive": wait for a pause in typing where asking at once would be wasted | "off"
    confidence: float = -1.0  # least joint probability of what is shown unasked; -1: the expert's own; 0: show all
    blocks: bool = True  # more than one line, where the syntax tree says that a block is due
    check_syntax: bool = True  # nothing is shown that makes the syntax worse
    imports: bool = True  # definitions from workspace files that the document imports
    ring_chunks: int = 16  # recently seen stretches of other files that a prompt may show
    speculate: bool = True  # once a suggestion is shown, what follows it is computed ahead
    draft_tokens: int = 7  # tokens guessed from the prompt and checked in one step: 0, 3, 7 or 15
    remote: bool = True  # ask the remote experts whose hosts the user named, beside the local ones
    remote_wait_ms: int = 300  # a remote answer is waited for so long from the request on, while it came in time before
    remote_time_limit_ms: int = 2000  # from a request to a remote expert until it is given up
    choices: int = 3  # different suggestions where the user asks by hand
    action_max_tokens: int = 512  # that a code action or one step of a task may say
    action_time_limit_ms: int = 120_000  # from its first token on
    review_on_save: bool = False  # look for suspicious code in a file that was saved
    review_budget: float = 1.0  # false alarms per 1,000 lines that a review may give
    statistics: bool = True  # count on this machine what was shown, accepted and kept; never sent
    report: bool = False  # for tools: a notification after each answer (lspExperts/completed, lspExperts/status)


_CHOICES: dict[str, tuple[str, ...]] = {
    "prompt_style": ("anchored", "usual"),
    "snippets": ("auto", "never"),
    "on_battery": ("full", "save", "off"),
    "combine": ("off", "rank", "ensemble"),
    "trigger": ("smart", "always"),
    "debounce": ("adaptive", "off"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "memory_budget_bytes": (0, 1 << 50),
    "threads": (0, 1024),
    "gpu_layers": (-1, 1000),
    "context_chars": (0, 100_000),
    "anchor_lines": (0, 200),
    "anchor_max_lines": (1, 1000),
    "prefix_chars": (80, 100_000),
    "suffix_chars": (0, 100_000),
    "first_suggestion_ms": (100, 600_000),
    "max_tokens": (1, 1024),
    "max_lines": (1, 200),
    "time_limit_ms": (50, 60_000),
    "max_document_chars": (1, 1 << 40),
    "max_line_chars": (1, 1 << 40),
    "confidence": (-1.0, 1.0),
    "ring_chunks": (0, 256),
    "draft_tokens": (0, 15),
    "remote_wait_ms": (0, 10_000),
    "remote_time_limit_ms": (50, 60_000),
    "choices": (1, 3),
    "action_max_tokens": (16, 4096),
    "action_time_limit_ms": (1000, 3_600_000),
    "review_budget": (0.0, 1000.0),
}
# No setting names a path, a host or a program: a workspace can set all of them, and none can load or run anything.


def json_name(field_name: str) -> str:
    """`anchor_lines` -> `anchorLines`."""
    return _CAMEL.sub(lambda match: match.group(1).upper(), field_name)


def from_options(options: object, base: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Settings from client JSON over `base`, and one sentence for each value that was not usable.

    A wrong value keeps what `base` has; unknown names are ignored, since clients send other servers' settings too.
    """
    base = base or Settings()
    if options is None:
        return base, ()
    if not isinstance(options, Mapping):
        return base, (f"lspExperts: an object was expected, not {type(options).__name__}; the defaults are used.",)
    changes: dict[str, Any] = {}
    problems: list[str] = []
    for one in fields(Settings):
        name = json_name(one.name)
        if options.get(name) is None:
            continue
        value, default = options[name], getattr(Settings(), one.name)
        problem = _problem(one.name, value, default)
        if problem:
            problems.append(f"lspExperts.{name}: {problem}; {json.dumps(getattr(base, one.name))} is used.")
        else:
            changes[one.name] = float(value) if type(default) is float else value
    return replace(base, **changes), tuple(problems)


def _problem(name: str, value: object, default: object) -> str:
    if type(value) is not type(default) and not (type(default) is float and type(value) is int):
        return f"{type(default).__name__} expected, not {value!r:.40}"
    if isinstance(value, dict) and not all(isinstance(part, str) for pair in value.items() for part in pair):
        return f"text for each language expected, not {value!r:.40}"
    if name in _CHOICES and value not in _CHOICES[name]:
        return f"one of {', '.join(_CHOICES[name])} expected, not {value!r:.40}"
    if name in _RANGES and isinstance(value, int | float):
        low, high = _RANGES[name]
        if not low <= value <= high:
            return f"a number from {low} to {high} expected, not {value}"
    return ""
