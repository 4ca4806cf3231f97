"""Plots as inline SVG: numbered points with their intervals; the legend says whose numbers they are. Pure.

Colours are the page's (`--c0` ... `--c7` and the classes of report_html), so a plot is readable in dark and light.
Numbers and not names in the plot: experts worth comparing lie close together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from lsp_experts.lab.evaluation.figures import Interval

COLOURS = 8
_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 30, 44
_TICKS = 5


@dataclass(frozen=True)
class Point:
    """What is drawn, with bars as wide as its intervals."""

    name: str
    x: Interval
    y: Interval


@dataclass(frozen=True)
class _Axis:
    """A scale from values to pixels, with its ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def drawn(figure: Mapping[str, float], scale: float = 1.0) -> Interval:
    """A report's figure (Interval.rounded) as a plot takes it."""
    return Interval(*(scale * figure[name] for name in ("value", "low", "high")))


def exactly(value: float) -> Interval:
    """A value that has no interval."""
    return Interval(value, value, value)


def scatter(points: Sequence[Point], title: str, x_label: str, y_label: str) -> str:
    """The points over both axes; the x axis begins at 0, for what it shows is a cost. At least one point."""
    x_axis = _axis([0.0, *(point.x.high for point in points)], _LEFT, _WIDTH - _RIGHT)
    y_axis = _axis([end for point in points for end in (point.y.low, point.y.high)], _HEIGHT - _BOTTOM, _TOP)
    parts = [_frame(x_axis, y_axis, title, x_label, y_label)]
    parts += [_mark(number, point, x_axis, y_axis) for number, point in enumerate(points)]
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )


def legend(names: Sequence[str]) -> str:
    """Which number stands for which name, in the order of the points."""
    items = (
        f'<li><b style="background:var(--c{number % COLOURS})">{number + 1}</b>{escape(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ol class="legend">{"".join(items)}</ol>'


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    """From the tick below the values to the tick above them."""
    low, high = min(values), max(values)
    span = high - low or abs(high) or 1.0
    step = _step(span / _TICKS)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
    return _Axis(ticks[0], ticks[-1], start, end, ticks)


def _step(rough: float) -> float:
    power: float = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _frame(x_axis: _Axis, y_axis: _Axis, title: str, x_label: str, y_label: str) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [_text(_LEFT, 16, title, "start", "plot-title")]
    for tick in y_axis.ticks:
        y = y_axis.at(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{tick:g}", "end", "tick"))
    for tick in x_axis.ticks:
        x = x_axis.at(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 4}"/>')
        parts.append(_text(x, bottom + 17, f"{tick:,g}", "middle", "tick"))
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 8, x_label, "middle", "tick"))
    middle = (_TOP + bottom) / 2
    turned = f'transform="rotate(-90 12 {middle:.1f})"'
    parts.append(_text(12, middle, y_label, "middle", "tick", turned))
    return "".join(parts)


def _mark(number: int, point: Point, x_axis: _Axis, y_axis: _Axis) -> str:
    x, y = x_axis.at(point.x.value), y_axis.at(point.y.value)
    bars = (
        f'<line x1="{x:.1f}" y1="{y_axis.at(point.y.low):.1f}" x2="{x:.1f}" y2="{y_axis.at(point.y.high):.1f}"/>'
        f'<line x1="{x_axis.at(point.x.low):.1f}" y1="{y:.1f}" x2="{x_axis.at(point.x.high):.1f}" y2="{y:.1f}"/>'
    )
    said = f"{point.name}: {point.x.value:,.4g}; {point.y.value:.4g} ({point.y.low:.4g} to {point.y.high:.4g})"
    return (
        f'<g class="mark" style="color:var(--c{number % COLOURS})"><title>{escape(said)}</title>{bars}'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8"/>{_text(x, y + 4, str(number + 1), "middle", "number")}</g>'
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str, more: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
