"""Owns the picture of a qualification: predicted intervals and published values, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trephine.report.palette import ACCENT, INK, MUTED, SECOND
from trephine.report.svg import Scale, box, nice_step, picture, rule, text
from trephine.report.words import rounded

Plain = dict[str, Any]

WIDTH, LEFT, RIGHT = 980.0, 430.0, 950.0
ROW, HEAD, FOOT, LEGEND = 40.0, 30.0, 52.0, 58.0
MISS = "#b3261e"
COLOURS = (ACCENT, SECOND, "#3b78b5")
"""Of the columns, in their order."""
SAME: Mapping[str, tuple[str, float]] = {
    "days": ("weeks", 1 / 7),
    "months": ("weeks", 365.25 / 12 / 7),
    "cm^3": ("mL", 1.0),
    "% points": ("%", 1.0),
}
"""Units that are drawn as another one, with the factor."""
TITLES = {"%": "Share of the patients", "": "Rank correlation"}
FIXED = {"%": (0.0, 100.0), "": (-1.0, 1.0)}
"""Ends of axes that are the same whatever is on them."""


def forest(told: Plain) -> str:
    """Return every endpoint that has a published value: its intervals as bars, that value on them.

    Endpoints of one unit share an axis; those that were not fitted come first.

    Parameters
    ----------
    told
        A qualification as plain data.
    """
    names = [
        column["name"]
        for column in told["columns"]
        if any(column["name"] in one["columns"] for one in told["endpoints"])
    ]
    titles = {column["name"]: column["title"] for column in told["columns"]}
    parts, y = [_legend([titles[name] for name in names])], LEGEND
    for what, rows in groups(told["endpoints"]).items():
        drawn, height = _group(what, rows, names, y)
        parts.append(drawn)
        y += height
    label = "Published values on the predicted intervals of every endpoint, by unit"
    return picture(WIDTH, y, label, parts)


def standalone(svg: str) -> str:
    """Return a picture that stands in a file of its own, on white."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff" '
    return svg.replace("<svg ", head, 1).replace(
        'font-family="inherit"', 'font-family="sans-serif"'
    )


def groups(rows: Sequence[Plain]) -> dict[tuple[str, str], list[Plain]]:
    """Return the endpoints that have a published value, by outcome and unit of their axis."""
    found: dict[tuple[str, str], list[Plain]] = {}
    for one in rows:
        if one["observed"] is None:
            continue
        unit = SAME.get(one["unit"], (one["unit"], 1.0))[0]
        title = TITLES.get(unit, one["outcome"].capitalize())
        found.setdefault((title, unit), []).append(one)
    order = ("%", "weeks")
    keys = sorted(found, key=lambda key: (order.index(key[1]) if key[1] in order else 9, key))
    return {key: sorted(found[key], key=lambda one: one["is_fitted"]) for key in keys}


def _legend(titles: Sequence[str]) -> str:
    """Return what the marks mean, in two lines."""
    parts, x = [], 8.0
    for title, colour in zip(titles, COLOURS, strict=False):
        parts += [
            box(x, 10, 26, 8, colour, ' rx="2" opacity="0.35"'),
            f'<circle cx="{x + 13:.0f}" cy="14" r="4" fill="{colour}"/>',
            text(x + 34, 18, title, colour=INK),
        ]
        x += 60 + 6.6 * len(title)
    parts.append(text(WIDTH - 8, 42, "mean, and 90 % of trials of that size", anchor="end"))
    x = 8.0
    for colour, words in ((INK, "published, inside"), (MISS, "published, outside")):
        parts += [_diamond(x + 7, 38, colour), text(x + 22, 42, words, colour=INK)]
        x += 170
    parts += [box(x, 33, 8, 8, INK), text(x + 16, 42, "not fitted", colour=INK)]
    hollow = f'<rect x="{x + 110:.0f}" y="33.5" width="8" height="8" fill="none" stroke="{MUTED}"/>'
    parts += [hollow, text(x + 126, 42, "may be fitted", colour=INK)]
    return "".join(parts)


def _group(
    what: tuple[str, str], rows: Sequence[Plain], names: Sequence[str], top: float
) -> tuple[str, float]:
    """Return the rows of one axis and their height."""
    title, unit = what
    x = Scale(*_ends(rows, names, unit), LEFT, RIGHT)
    foot = top + HEAD + ROW * len(rows)
    parts = [text(8, top + 18, title, colour=INK, size=14)]
    for tick in x.ticks(5):
        parts += [
            rule(x(tick), top + HEAD - 4, x(tick), foot + 4),
            text(x(tick), foot + 18, rounded(tick), anchor="middle"),
        ]
    parts.append(rule(LEFT, foot, RIGHT, foot, MUTED))
    words = f"{title.lower()} [{unit or '-'}]".replace("cfu", "CFU")
    parts.append(text(RIGHT, foot + 35, words, anchor="end"))
    for number, one in enumerate(rows):
        parts.append(_row(one, names, x, top + HEAD + ROW * number))
    return "".join(parts), HEAD + ROW * len(rows) + FOOT


def _row(one: Plain, names: Sequence[str], x: Scale, top: float) -> str:
    """Return an endpoint: what it is, an interval for each column, what was published."""
    factor = SAME.get(one["unit"], ("", 1.0))[1]
    middle = top + ROW / 2
    size = " and ".join(map(str, one["n"]))
    when = f"week {rounded(one['week'] or 0)}, n {size}"
    square = (
        f'<rect x="8.5" y="{middle - 12:.1f}" width="8" height="8" fill="none" stroke="{MUTED}"/>'
        if one["is_fitted"]
        else box(8, middle - 12.5, 9, 9, INK)
    )
    parts = [
        square,
        text(24, middle - 4, title_of(one["trial"]), colour=INK),
        text(LEFT - 12, middle - 4, when, size=11, anchor="end"),
        text(24, middle + 11, one["name"], size=11),
    ]
    shown = [(name, one["columns"][name]) for name in names if name in one["columns"]]
    for place, (name, said) in enumerate(shown):
        at = middle + 12.0 * (place - (len(shown) - 1) / 2)
        colour = COLOURS[names.index(name)]
        if said["low"] is None:
            words = "not predicted" if said["verdict"] == "refused" else "no value"
            away = _is_left(one, x, factor)
            place_x, anchor = (RIGHT - 4, "end") if away else (LEFT + 4, "start")
            parts.append(text(place_x, at + 4, words, anchor=anchor, colour=colour, size=11))
            continue
        start, end = x(factor * said["low"]), x(factor * said["high"])
        parts.append(box(start, at - 4, max(end - start, 2), 8, colour, ' rx="2" opacity="0.35"'))
        if said["predicted"] is not None:
            cx = x(factor * said["predicted"])
            parts.append(f'<circle cx="{cx:.1f}" cy="{at:.1f}" r="4" fill="{colour}"/>')
    parts.append(_published(one, x, middle, factor))
    return "".join(parts)


def _is_left(one: Plain, x: Scale, factor: float) -> bool:
    """Return whether a published value lies in the left half, so that words go to the right."""
    low = one["observed"]["low"]
    return low is not None and x(factor * low) < (LEFT + RIGHT) / 2


def _published(one: Plain, x: Scale, middle: float, factor: float) -> str:
    """Return what was published: a value, a range, a bound, or the side of zero."""
    seen = one["observed"]
    colour = MISS if one["is_missed"] else INK
    low, high = seen["low"], seen["high"]
    if seen["sign"]:
        low, high = (0.0, None) if seen["sign"] > 0 else (None, 0.0)
    if low is not None and low == high:
        return _diamond(x(factor * low), middle, colour)
    first = x.start if low is None else x(factor * low)
    second = x.end if high is None else x(factor * high)
    ends = "".join(
        f"M{at:.1f} {middle - 7:.1f}v14"
        for at, value in ((first, low), (second, high))
        if value is not None
    )
    arrow = ""
    if high is None:
        arrow = f"M{second - 6:.1f} {middle - 4:.1f}l6 4-6 4"
    elif low is None:
        arrow = f"M{first + 6:.1f} {middle - 4:.1f}l-6 4 6 4"
    return (
        f'<path d="M{first:.1f} {middle:.1f}H{second:.1f}{ends}{arrow}" fill="none" '
        f'stroke="{colour}" stroke-width="1.6"/>'
    )


def _diamond(x: float, y: float, colour: str) -> str:
    return (
        f'<path d="M{x:.1f} {y - 7:.1f}l5 7-5 7-5-7z" fill="#fff" fill-opacity="0.6" '
        f'stroke="{colour}" stroke-width="1.8"/>'
    )


def _ends(rows: Sequence[Plain], names: Sequence[str], unit: str) -> tuple[float, float]:
    """Return the ends of an axis that shows everything on it."""
    if unit in FIXED:
        return FIXED[unit]
    values = [0.0]
    for one in rows:
        factor = SAME.get(one["unit"], ("", 1.0))[1]
        told = [one["observed"]["low"], one["observed"]["high"]]
        for name in names:
            said = one["columns"].get(name, {})
            told += [said.get(key) for key in ("low", "predicted", "high")]
        values += [factor * value for value in told if value is not None]
    step = nice_step((max(values) - min(values) or 1.0) / 5)
    return step * (min(values) // step), step * (max(values) // step + 1)


def title_of(stem: str) -> str:
    """Return the name of a trial's file as a person would write it."""
    return stem.replace("-", " ").capitalize()
