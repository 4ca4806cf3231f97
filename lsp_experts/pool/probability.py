"""How likely an expert is to be needed soon: pure, and the only place where figures of people's habits stand."""

from __future__ import annotations

# Who works in two languages goes back and forth within minutes: after two minutes away the chance is taken as half.
HALF_LIFE_S = 120.0
# No expert is ever worthless: it was asked for once, and among long unused ones the cheap to reload shall leave first.
LEAST = 0.01


def use_soon(expected: float, last_used_s: float, now_s: float, *, in_use: bool = False) -> float:
    """0..1: what the routing expects, or how recently it was used, whichever says more.

    The larger one counts, not the product: a switch that was never seen before says nothing against a recent use, and
    an old use says nothing against a language that always comes next. A clock that went back counts as "just now".
    """
    if in_use:
        return 1.0
    recent: float = 0.5 ** (max(0.0, now_s - last_used_s) / HALF_LIFE_S)
    return min(1.0, max(expected, recent, LEAST))
