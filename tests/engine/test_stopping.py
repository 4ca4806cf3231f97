"""When a completion has said enough."""

from __future__ import annotations

import pytest

from lsp_experts.engine.protocol import Stop
from lsp_experts.engine.stopping import cut

BLOCK = Stop(max_lines=9, dedent_below=4, rejoin="}")


@pytest.mark.parametrize(
    ("text", "stop", "final", "expected"),
    [
        ("abc", Stop(), False, None),
        ("abc\nd", Stop(), False, ("abc", "lines")),
        ("\nabc", Stop(), False, ("", "lines")),
        ("a\nb\nc", Stop(max_lines=2), False, ("a\nb", "lines")),
        ("a<eot>b", Stop(texts=("<eot>",)), False, ("a", "text")),
        ("a\nb<eot>", Stop(texts=("<eot>",)), False, ("a", "lines")),
        ("x\n    y\n", BLOCK, False, None),
        ("x\n  ", BLOCK, False, None),
        ("x\n  y", BLOCK, False, ("x", "dedent")),
        ("x\n\ty\n\tz", BLOCK, False, None),
        ("x\n}", BLOCK, False, ("x", "dedent")),
        ("x\n    }\n", Stop(max_lines=9, rejoin="    }"), False, ("x", "rejoin")),
        ("x\n        }\n    y", Stop(max_lines=9, rejoin="    }"), False, None),
        ("x\n    }", Stop(max_lines=9, rejoin="    }"), False, None),
        ("x\n    }", Stop(max_lines=9, rejoin="    }"), True, ("x", "rejoin")),
        ("x\n    } else {\n", Stop(max_lines=9, rejoin="    }"), False, None),
    ],
)
def test_cut(text: str, stop: Stop, final: bool, expected: tuple[str, str] | None) -> None:
    assert cut(text, stop, final=final) == expected
