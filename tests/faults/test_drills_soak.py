"""The soak, at a small scale: every row meets its target. What is planned for the hour, and how growth is told."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from lsprotocol import types as t

from lsp_experts.lab.bench_faults import drill_of
from lsp_experts.lab.faults.soak import growth_pct, peak_growth_pct
from lsp_experts.lab.faults.soak_plan import STARTS, Draft, edited, steps
from lsp_experts.lab.faults.stand import Stand
from lsp_experts.lab.faults.talk import changed
from lsp_experts.server.converter import strict_converter, structure_params
from lsp_experts.server.documents import Documents


@pytest.mark.asyncio
async def test_every_row_meets_its_target(tmp_path: Path) -> None:
    done: list[int] = []
    rows = await drill_of("soak")(Stand(tmp_path, scale=0.002), lambda _what, number, _of: done.append(number))
    assert [row for row in rows if not row.ok] == []
    assert len(rows) == 5
    assert done == list(range(7))


def test_an_hour_holds_what_is_published_and_no_expert_is_killed_twice_in_ten_minutes() -> None:
    plan = list(steps(7, 3600, swaps=60, kills=12, changes=120))
    assert plan == list(steps(7, 3600, swaps=60, kills=12, changes=120))
    killed = [(number, step.language) for number, step in enumerate(plan) if step.kills]
    assert len(killed) == 12
    assert all(
        later - sooner > 600 for sooner, name in killed for later, other in killed if other == name and later > sooner
    )
    assert sum(step.settings is not None for step in plan) >= 120
    assert sum(one.language != two.language for one, two in pairwise(plan)) >= 60
    assert {step.language for step in plan} == set(STARTS)
    assert sum(step.keys for step in plan) >= 3600


@pytest.mark.parametrize("count", [1, 7, 18])
def test_a_short_soak_kills_and_swaps_once(count: int) -> None:
    plan = list(steps(7, count, swaps=1, kills=1, changes=1))
    assert (len(plan), sum(step.kills for step in plan)) == (count, 1)


def test_edits_tell_the_server_what_the_draft_says() -> None:
    """The server's own documents, after 500 edits with characters of one to four bytes."""
    chance, start, converter, wholes = random.Random(7), STARTS["go"][1], strict_converter(), 0
    documents, draft = Documents(), Draft(start, len(start))
    documents.open(t.TextDocumentItem("untitled:main.go", "go", 1, start))
    for _ in range(500):
        edit = edited(draft, "🙂é\r\n  done" * 20, start, chance)
        draft = edit.draft
        params = changed("untitled:main.go", draft.version, dict(edit.change))
        document = documents.change(structure_params(converter, "textDocument/didChange", params))
        wholes += "range" not in edit.change
        assert document is not None and document.text == draft.text
    assert wholes > 0


def test_growth() -> None:
    assert growth_pct([100] * 10) == peak_growth_pct([100] * 10) == 0
    assert growth_pct([100, 100, 500, 100, 110]) == pytest.approx(10)
    assert peak_growth_pct([100, 200, 100, 220]) == pytest.approx(10)
    assert growth_pct([100]) == peak_growth_pct([100]) == 0
