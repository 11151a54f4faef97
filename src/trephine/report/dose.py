"""Owns the figure of a dose: the funnel with its bands, what drives it, and what stays."""

from __future__ import annotations

import math
import textwrap
from html import escape
from typing import Any

import numpy as np

from trephine.case.prescription import REFERENCE
from trephine.report.counts import SHORT, between, shares_explained, short
from trephine.report.palette import ACCENT, INK, MUTED, PAPER, RULE
from trephine.report.svg import Array, Scale, box, decades, rule, text, tick_labels
from trephine.report.words import chance_of, rounded

Plain = dict[str, Any]

WIDTH, MARGIN = 1120.0, 24.0
ROW, HEAD = 25.0, 62.0
NAMES, BANDS, NUMBERS = 172.0, (184.0, 500.0), 672.0
DRIVERS, SHARES = 918.0, (930.0, 1058.0)
WIDE, NARROW = "#cfe3e1", "#7fb8b4"
"""Bands of 95 % and of 80 %."""
WHISKER = "#1d2429"
WORDS = 36
"""Characters of a driver's name that have room; a longer name is written smaller."""
EXPLAINED = 51.0
"""Height of the lines below the drivers."""
TIMES = 210.0
"""Height of the panel of what stays over time."""


def figure(told: Plain) -> str:
    """Return a picture of a dose as a self-contained SVG.

    Parameters
    ----------
    told
        The dose as plain data, :func:`trephine.study.told.dose_document`.
    """
    parts: list[str] = []
    y = _title(parts, told)
    for number, injection in enumerate(told["injections"], start=1):
        y = _injection(parts, injection, number, y)
    y = _present(parts, told["present"], y)
    label = f"Dose of {told['name']}: funnel, what drives it, and what stays"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {y:g}" '
        f'width="{WIDTH:g}" height="{y:g}" role="img" aria-label="{escape(label)}" '
        f'font-family="Helvetica, Arial, sans-serif">'
        f"{box(0, 0, WIDTH, y, PAPER)}{''.join(parts)}</svg>\n"
    )


def _title(parts: list[str], told: Plain) -> float:
    """Draw the heading and return where what follows begins."""
    laboratory = told["laboratory"]["about"]
    parts.append(text(MARGIN, 30, told["name"], colour=INK, size=19))
    kind = "drawn from their spreads" if told["numbers"] == "drawn" else "as printed"
    if told["laboratory"]["name"] == REFERENCE:
        counted = "Progenitors as the reference laboratory counts them (Muschler 1997)."
    else:
        counted = f"Progenitors as counted in {laboratory}."
    lines = [f"{told['draws']:,} samples of luck, numbers {kind}, seed {told['seed']}. {counted}"]
    if "prescription" in told:
        asked = told["prescription"]
        words = f"{asked['asked'][:1].upper()}{asked['asked'][1:]}: reached in "
        words += f"{chance_of(asked['chance'], asked['interval'])} of the samples"
        words += ", grown cells not counted." if "grown_cells" in asked else "."
        lines.append(words)
    y = 52.0
    for line in (piece for whole in lines for piece in textwrap.wrap(whole, 150)):
        parts.append(text(MARGIN, y, line, colour=INK, size=13))
        y += 19
    return y + 12


def _injection(parts: list[str], injection: Plain, number: int, y: float) -> float:
    levels, driven = injection["funnel"], injection["drivers"]
    day = f"day {rounded(injection['day'], 5)}" if injection["day"] else "day 0"
    parts.append(text(MARGIN, y + 8, f"Injection {number}, {day}", colour=INK, size=15))
    rows = [*driven["groups"], *driven["numbers"]]
    gap = (26.0 if driven["numbers"] else 0.0) + (EXPLAINED if rows else 0.0)
    height = max(ROW * len(levels), ROW * len(rows) + gap) + HEAD
    _funnel(parts, levels, y, grown=injection["cultured"])
    if rows:
        _drivers(parts, driven, y)
    return y + height + 30


def _funnel(parts: list[str], levels: list[Plain], y: float, *, grown: bool) -> None:
    """Draw the band of each step on a logarithmic axis."""
    ends = [
        np.array([level["progenitors"][key] for level in levels]) for key in ("low_95", "high_95")
    ]
    scale = Scale(*decades(ends, 1e9), *BANDS, log=True)
    top, foot = y + HEAD, y + HEAD + ROW * len(levels)
    what = "colonies drawn, then grown cells" if grown else "progenitors"
    parts.append(text(BANDS[0], y + 30, f"{what}, log scale", size=12))
    parts.append(text(NUMBERS, y + 30, "median (95 % of samples)", anchor="end", size=12))
    ticks = scale.ticks(7)
    for tick, words in zip(ticks, tick_labels(ticks, log=True), strict=True):
        at = scale(tick)
        parts.append(rule(at, top - 4, at, foot, RULE))
        parts.append(text(at, top - 9, words, anchor="middle", size=11))
    for row, level in enumerate(levels):
        at, cells = top + ROW * row, level["progenitors"]
        low, high, inner, outer, middle = (
            scale(cells[key]) for key in ("low_95", "high_95", "low_80", "high_80", "median")
        )
        parts.append(text(NAMES, at + 16, _step(level["step"]), anchor="end", colour=INK, size=12))
        parts.append(box(low, at + 4, high - low, ROW - 9, WIDE, ' rx="2"'))
        parts.append(box(inner, at + 4, outer - inner, ROW - 9, NARROW, ' rx="2"'))
        parts.append(box(middle - 1.5, at + 2, 3, ROW - 5, ACCENT))
        words = f"{short(cells['median'])} ({between(cells, 95)})"
        parts.append(text(NUMBERS, at + 16, words, anchor="end", colour=INK, size=12))


def _step(name: str) -> str:
    return SHORT.get(name, name)


def _drivers(parts: list[str], driven: Plain, y: float) -> None:
    """Draw the share of each driver with its interval."""
    factor = math.exp(driven["standard_deviation"])
    scale = Scale(0.0, 1.0, *SHARES)
    top = y + HEAD
    title = f"what drives it: share of the variance; two of three within {rounded(factor, 2)} times"
    parts.append(text(SHARES[1] + 40, y + 30, title, anchor="end", size=12))
    rows = ROW * (len(driven["groups"]) + len(driven["numbers"]))
    foot = top + rows + (26.0 if driven["numbers"] else 0.0)
    for tick in (0.0, 0.5, 1.0):
        parts.append(rule(scale(tick), top - 4, scale(tick), foot, RULE))
        parts.append(text(scale(tick), top - 9, f"{100 * tick:.0f} %", anchor="middle", size=11))
    at = top
    for one in driven["groups"]:
        _share(parts, scale, one, one["about"], ACCENT, at)
        at += ROW
    if driven["numbers"]:
        parts.append(text(DRIVERS, at + 16, "of these, single numbers", anchor="end", size=12))
        at += 26.0
    for one in driven["numbers"]:
        _share(parts, scale, one, one["name"], NARROW, at)
        at += ROW
    for row, line in enumerate(textwrap.wrap(shares_explained(driven), 72), start=1):
        parts.append(text(SHARES[1] + 40, at + 15 * row, line, anchor="end", size=11))


def _share(
    parts: list[str], scale: Scale, driver: Plain, words: str, colour: str, at: float
) -> None:
    low, high = (scale(end) for end in driver["total_interval"])
    end, middle = scale(driver["total"]), at + ROW / 2 - 1
    size = max(8.0, min(12.0, 12.0 * WORDS / len(words)))
    parts.append(text(DRIVERS, at + 16, words, anchor="end", colour=INK, size=size))
    parts.append(box(scale(0.0), at + 5, end - scale(0.0), ROW - 11, colour))
    parts.append(rule(low, middle, high, middle, WHISKER))
    parts.extend(rule(tip, middle - 4, tip, middle + 4, WHISKER) for tip in (low, high))
    share = f"{100 * driver['total']:.1f} %"
    parts.append(text(SHARES[1] + 40, at + 16, share, anchor="end", size=11))


def _present(parts: list[str], present: Plain, y: float) -> float:
    """Draw what is present in the lesion over time."""
    days = np.array(present["day"])
    bands = {key: np.array(present[key]) for key in present if key != "day"}
    across = Scale(float(days[0]), float(days[-1]), MARGIN + 60, NUMBERS)
    foot = y + 46 + TIMES
    up = Scale(*decades([bands["low_95"], bands["high_95"]], 1e7), foot, y + 46, log=True)
    parts.append(
        text(
            MARGIN, y + 8, "Progenitors present in the lesion, all injections", colour=INK, size=15
        )
    )
    parts.append(
        text(MARGIN, y + 27, "cells, log scale; by retention alone, none divides", size=12)
    )
    ticks = up.ticks(6)
    for tick, words in zip(ticks, tick_labels(ticks, log=True), strict=True):
        parts.append(rule(across.start, up(tick), across.end, up(tick), RULE))
        parts.append(text(across.start - 7, up(tick) + 4, words, anchor="end", size=11))

    def path(values: Array) -> list[str]:
        pairs = zip(days, values, strict=True)
        return [f"{across(float(day)):.1f},{up(float(value)):.1f}" for day, value in pairs]

    for low, high, colour in (("low_95", "high_95", WIDE), ("low_80", "high_80", NARROW)):
        points = " ".join([*path(bands[high]), *reversed(path(bands[low]))])
        parts.append(f'<polygon points="{points}" fill="{colour}"/>')
    line = " ".join(path(bands["median"]))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{ACCENT}" stroke-width="2.2"/>')
    parts.append(rule(across.start, foot, across.end, foot, MUTED))
    for tick in across.ticks(8):
        parts.append(rule(across(tick), foot, across(tick), foot + 4, MUTED))
        parts.append(text(across(tick), foot + 18, rounded(tick), anchor="middle", size=11))
    parts.append(text(across.end, foot + 36, "days from day 0", anchor="end", size=12))
    _legend(parts, NUMBERS + 60, y + 50)
    return foot + 56


def _legend(parts: list[str], x: float, y: float) -> None:
    for row, (colour, words) in enumerate(
        ((ACCENT, "median"), (NARROW, "80 % of samples"), (WIDE, "95 % of samples"))
    ):
        parts.append(box(x, y + 22 * row, 26, 13, colour))
        parts.append(text(x + 34, y + 22 * row + 11, words, colour=INK, size=12))
    parts.append(
        text(x, y + 82, "For research only: not a medical device, not for the care", size=12)
    )
    parts.append(text(x, y + 98, "of any patient.", size=12))
