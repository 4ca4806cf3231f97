"""When a completion has said enough."""

from __future__ import annotations

import pytest

from lsp_experts.engine.protocol import Stop
from lsp_experts.engine.stopping import cut

BLOCK = Stop(max_lines=9, dedent_below=4, rejoin="}")
MISSING = Stop(max_lines=9, dedent_below=4, close_at=0, closers=("}",))  # the block's end is not written yet
WORDS = Stop(max_lines=9, dedent_below=2, close_at=0, closers=("end", "until"))


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
        ("x\n\n\n  y", BLOCK, False, ("x", "dedent")),
        ("x\n\ty\n\tz", BLOCK, False, None),
        ("x\n}", BLOCK, False, ("x", "dedent")),
        ('x = """\nabc\n"""\n    y\nz', BLOCK, False, ('x = """\nabc\n"""\n    y', "dedent")),
        ("x\n#ifdef A\n    y\n#endif\nz", BLOCK, False, ("x\n#ifdef A\n    y", "dedent")),
        ("x\n# why\n    y", BLOCK, False, ("x", "dedent")),
        ("x\n    }\n", Stop(max_lines=9, rejoin="    }"), False, ("x", "rejoin")),
        ("x\n        }\n    y", Stop(max_lines=9, rejoin="    }"), False, None),
        ("x\n    }", Stop(max_lines=9, rejoin="    }"), False, None),
        ("x\n    }", Stop(max_lines=9, rejoin="    }"), True, ("x", "rejoin")),
        ("x\n    } else {\n", Stop(max_lines=9, rejoin="    }"), False, None),
    ],
)
def test_cut(text: str, stop: Stop, final: bool, expected: tuple[str, str] | None) -> None:
    assert cut(text, stop, final=final) == expected


@pytest.mark.parametrize(
    ("text", "stop", "final", "expected"),
    [
        ("\n    x\n}\nfunc", MISSING, False, ("\n    x\n}", "block")),
        ("\n    x\n});\n", MISSING, False, ("\n    x\n});", "block")),
        ("\n    x\n}", MISSING, False, None),
        ("\n    x\n}", MISSING, True, ("\n    x\n}", "block")),
        ("\n    x\n} else {\n    y\n}\nz", MISSING, False, ("\n    x\n} else {\n    y\n}", "block")),
        ("\n    x\n  }\n", MISSING, False, ("\n    x", "dedent")),
        ("\n    x\ny", MISSING, False, ("\n    x", "dedent")),
        ("\n  x\nen", WORDS, False, None),
        ("\n  x\nend\n", WORDS, False, ("\n  x\nend", "block")),
        ("\n  x\nendless = 1\n", WORDS, False, ("\n  x", "dedent")),
        ("\n  x\nuntil y > 1\n", WORDS, False, ("\n  x\nuntil y > 1", "block")),
        ("\n  x\nelse\n", WORDS, False, ("\n  x", "dedent")),
    ],
)
def test_the_line_that_closes_the_block_is_kept(
    text: str, stop: Stop, final: bool, expected: tuple[str, str] | None
) -> None:
    assert cut(text, stop, final=final) == expected


@pytest.mark.parametrize(
    ("text", "owed", "expected"),
    [
        ("f(x)", "", None),
        ("x)", "", ("x", "bracket")),
        ("x)", ")", None),
        ("x))", ")", ("x)", "bracket")),
        ("x]})", ")}]", None),
        ("x\n    y\n  }", "", ("x\n    y", "bracket")),
        ("':)'", "", None),
        ('"a)', "", None),
        ("x  # :)", "", None),
        ("x // :)\n", "", None),
        ("don't)", "", ("don't", "bracket")),
        ("fn f<'a>(x: &'a str) {}", "", None),
        ("a.split(/[)]/)", "", None),
        ("f(')') }", "", ("f(')') ", "bracket")),
    ],
)
def test_a_bracket_that_nothing_accounts_for(text: str, owed: str, expected: tuple[str, str] | None) -> None:
    assert cut(text, Stop(max_lines=9, balance=True, owed=owed)) == expected


def test_brackets_are_not_counted_unless_asked_for() -> None:
    assert cut("x)", Stop(max_lines=9)) is None
