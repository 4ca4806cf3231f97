"""Does an expert really fill in the middle? Holes whose first word stands only in the text that follows them."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.completion.templates import FimTemplate, segments
from lsp_experts.engine.protocol import Complete, Stop
from lsp_experts.engine.supervisor import Supervisor

# (before, after, first word of the hole). Plain enough for any code model; left to right none of them can be known.
PROBES = (
    ("import math\n\n\ndef circle(radius):\n    ", " = math.pi * radius ** 2\n    return area\n", "area"),
    (
        "function addUp(values) {\n  let ",
        " = 0;\n  for (const value of values) {\n    sum += value;\n  }\n  return sum;\n}\n",
        "sum",
    ),
    ("with open(path) as ", " :\n    text = handle.read()\n", "handle"),
    ("import ", "\n\nprint(json.dumps({'a': 1}))\n", "json"),
    ("from pathlib import Path\n\n", " = Path('notes.txt')\nprint(source.read_text())\n", "source"),
)
ENOUGH = 3


@dataclass(frozen=True)
class SelfTest:
    """How many probes were filled, and with which template (None: left to right, nothing to prove)."""

    template: str | None
    filled: int
    probes: int = len(PROBES)

    @property
    def passed(self) -> bool:
        """True if the expert fills in the middle, or does not claim to."""
        return self.template is None or self.filled >= ENOUGH


async def self_test(engine: Supervisor, expert: str, template: FimTemplate | None) -> SelfTest:
    """Probe a loaded expert. EngineError if the engine does not answer."""
    if template is None:
        return SelfTest(None, 0)
    filled = 0
    for before, after, word in PROBES:
        request = Complete(expert, segments(template, before, after, ""), heal=False, stop=Stop(max_tokens=8))
        report = await engine.complete(request).result()
        filled += report.text.strip().startswith(word)
    return SelfTest(template.name, filled)
