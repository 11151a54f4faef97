"""Owns drawing on an SVG: scales, axes, lines, areas and steps; knows nothing of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from trephine.report.palette import INK, MUTED, RULE
from trephine.report.words import rounded, superscript

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Scale:
    """A map from values to pixels, linear or logarithmic.

    Parameters
    ----------
    low, high
        Values at the two ends; above zero where logarithmic.
    start, end
        Pixels at the two ends.
    log
        Whether equal ratios take equal lengths.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; a value beyond an end lies on that end."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            at = math.log10(max(value, self.low))
        else:
            low, high, at = self.low, self.high, value
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values along the scale, about as many as asked."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.log10(self.high) + 1e-9
            every = max(1, math.ceil((last - first) / about))
            return [10.0**k for k in range(first, math.floor(last) + 1, every)]
        step = nice_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [(first + k) * step for k in range(count)]


def nice_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least about ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999)


def nice_top(value: float) -> float:
    """Return a round value at or a little above a positive value."""
    if value <= 0:
        return 1.0
    step = nice_step(value / 5)
    return step * math.ceil(value / step - 1e-9)


def decades(values: Iterable[Array], most: float) -> tuple[float, float]:
    """Return powers of ten around positive values, at most a given ratio apart."""
    top = max((float(v.max()) for v in values if v.size), default=1.0)
    positive = [float(v[v > 0].min()) for v in values if (v > 0).any()]
    if not positive:
        return 0.1, 1.0
    high = 10.0 ** math.ceil(math.log10(top) - 1e-9)
    low = 10.0 ** math.floor(math.log10(min(positive)) + 1e-9)
    return min(max(low, high / most), high / 10), high


def tick_label(value: float, *, log: bool, always: bool = False) -> str:
    """Return the text of a tick; of a logarithmic axis a power of ten if far from one or always."""
    if log and (always or not 0.01 <= value < 1000):
        return f"10{superscript(round(math.log10(value)))}"
    return rounded(value)


def tick_labels(ticks: Sequence[float], *, log: bool) -> list[str]:
    """Return the texts of the ticks of one axis: all powers of ten where one is.

    Examples
    --------
    100 beside 1,000 is ``"10\u00b2"`` beside ``"10\u00b3"``.
    """
    far = [tick for tick in ticks if tick > 0 and not 0.01 <= tick < 1000]
    if not log or not far:
        return [rounded(tick) for tick in ticks]
    return [tick_label(tick, log=True, always=True) for tick in ticks]


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = MUTED,
    size: float = 12,
    halo: bool = False,
) -> str:
    """Return a line of text; a halo keeps it legible over lines."""
    around = ' paint-order="stroke" stroke="#fff" stroke-width="4"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size:g}"{around}>{escape(words)}</text>'
    )


def rule(x1: float, y1: float, x2: float, y2: float, colour: str = RULE, dash: str = "") -> str:
    """Return a thin straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'
    )


def box(x: float, y: float, width: float, height: float, colour: str, more: str = "") -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
        f'fill="{colour}"{more}/>'
    )


@dataclass(frozen=True)
class Panel:
    """A drawing area with a time axis below, in weeks unless told, and a value axis on the left.

    Parameters
    ----------
    x, y
        The scales; ``y`` starts at the bottom.
    unit
        What the value axis shows, with its unit.
    label
        What the picture shows, for those who cannot see it.
    width, height
        Size of the whole drawing.
    marks
        Values marked on the value axis; round ones are found where none are given.
    time
        Title of the time axis.
    """

    x: Scale
    y: Scale
    unit: str
    label: str
    width: float = 520.0
    height: float = 280.0
    marks: tuple[float, ...] = ()
    time: str = "weeks from day 0"

    @classmethod
    def of(
        cls,
        weeks: Array,
        y: tuple[float, float],
        unit: str,
        label: str,
        *,
        log: bool = False,
        height: float = 280.0,
        below: float = 43.0,
        marks: tuple[float, ...] = (),
    ) -> Panel:
        """Return a panel for a time in weeks and a range of values."""
        x = Scale(float(weeks[0]), float(weeks[-1]), 58, 508)
        up = Scale(*y, height - below, 31, log=log)  # the unit and the marks of events lie above
        return cls(x, up, unit, label, height=height, marks=marks)

    def axes(self) -> str:
        """Return rules, ticks and both axis titles."""
        parts = [text(6, 13, self.unit)]
        ticks = self.marks or self.y.ticks()
        for tick, words in zip(ticks, tick_labels(ticks, log=self.y.log), strict=True):
            at = self.y(tick)
            parts += [
                rule(self.x.start, at, self.x.end, at),
                text(self.x.start - 7, at + 4, words, anchor="end"),
            ]
        foot = self.y.start
        for tick in self.x.ticks(7):
            parts += [
                rule(self.x(tick), foot, self.x(tick), foot + 4, MUTED),
                text(self.x(tick), foot + 17, rounded(tick), anchor="middle"),
            ]
        parts.append(rule(self.x.start, foot, self.x.end, foot, MUTED))
        parts.append(text(self.x.end, foot + 35, self.time, anchor="end"))
        return "".join(parts)

    def line(
        self, weeks: Array, values: Array, colour: str, *, dash: str = "", step: bool = False
    ) -> str:
        """Return a curve; on a logarithmic scale it is drawn only where it is on the scale."""
        shown = values >= self.y.low if self.y.log else np.ones(values.shape, dtype=bool)
        path, pen_down = [], False
        for index in range(values.size):
            if not shown[index]:
                pen_down = False
                continue
            x, y = self.x(float(weeks[index])), self.y(float(values[index]))
            if pen_down and step:
                path.append(f"H{x:.1f}V{y:.1f}")
            else:
                path.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
            pen_down = True
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        return (
            f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="2.2" '
            f'stroke-linejoin="round" stroke-linecap="round"{dashes}/>'
        )

    def dots(self, weeks: Array, values: Array, colour: str) -> str:
        """Return a dot at each point that is on the scale."""
        return "".join(
            f'<circle cx="{self.x(float(w)):.1f}" cy="{self.y(float(v)):.1f}" r="4" '
            f'fill="{colour}" stroke="#fff" stroke-width="1"/>'
            for w, v in zip(weeks, values, strict=True)
            if not self.y.log or v >= self.y.low
        )

    def level(self, value: float, words: str, *, left: bool = False) -> str:
        """Return a thin line across at a value, with words on it at its right or left end."""
        if not self.y.low <= value <= self.y.high:
            return ""
        at = self.y(value)
        x, anchor = (self.x.start + 5, "start") if left else (self.x.end - 5, "end")
        line = rule(self.x.start, at, self.x.end, at, INK, "1 3")
        return line + text(x, at - 4, words, anchor=anchor, size=11, halo=True)

    def area(self, weeks: Array, low: Array, high: Array, colour: str) -> str:
        """Return a filled band between two curves."""
        top = [(self.x(float(w)), self.y(float(v))) for w, v in zip(weeks, high, strict=True)]
        foot = [(self.x(float(w)), self.y(float(v))) for w, v in zip(weeks, low, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*top, *reversed(foot)])
        return f'<polygon points="{points}" fill="{colour}" stroke="#fff" stroke-width="0.6"/>'

    def events(self, events: Sequence[tuple[float, str]]) -> str:
        """Return a mark above the panel at each event, (week, words)."""
        parts = []
        for week, words in events:
            at = self.x(week)
            parts.append(rule(at, self.y.end - 4, at, self.y.start, INK, "1 4"))
            parts.append(
                f'<path d="M{at - 4.5:.1f} {self.y.end - 11:.1f}h9l-4.5 7z" fill="{INK}">'
                f"<title>{escape(words)}</title></path>"
            )
        return "".join(parts)

    def drawing(self, parts: Iterable[str]) -> str:
        """Return the SVG of the parts, with the line that marks the chosen week."""
        end = self.x.end
        cursor = (
            f'<line class="cursor" x1="{end}" x2="{end}" y1="{self.y.end - 4}" '
            f'y2="{self.y.start}" data-start="{self.x.start}" data-end="{end}" '
            f'data-low="{self.x.low:g}" data-high="{self.x.high:g}"/>'
        )
        return picture(self.width, self.height, self.label, [*parts, cursor])


def picture(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return an SVG that scales with its place and says what it shows."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}" '
        f'font-family="inherit">{"".join(parts)}</svg>'
    )
