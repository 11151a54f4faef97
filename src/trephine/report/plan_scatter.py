"""Owns the picture of a search: chance against burden, the front, and plans with their names."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from trephine.report.palette import ACCENT, CATEGORIES, INK, MUTED, PAPER, RULE
from trephine.report.svg import Scale, nice_top, picture, rule, text
from trephine.report.words import rounded

Plain = dict[str, Any]

SHORT = {
    "least burden that reaches 80 %": "least burden for 80 %",
    "best chance within the limits": "best chance",
    "best chance with minimal manipulation": "best chance, minimal",
    "as planned in the case": "as planned",
    "one large draw": "one large draw",
}
"""What a plan is called beside its dot."""
COLOURS = dict(zip(SHORT, (c for c in CATEGORIES if c != ACCENT), strict=False))
"""Colour of each plan with a name, the same in every search."""
SIZE, LETTER, LINE = 12.5, 6.8, 17.0
"""Size of a label, width of a letter and height of a line, in pixels."""
NEAR = 14.0
"""Closest that a label comes to its dot."""


@dataclass(frozen=True)
class Label:
    """A label and where it stands.

    Parameters
    ----------
    words
        What it says.
    x, y
        Its top left corner.
    at
        The dot it belongs to.
    colour
        Colour of the dot.
    """

    words: str
    x: float
    y: float
    at: tuple[float, float]
    colour: str

    @property
    def width(self) -> float:
        """How wide it is, about."""
        return LETTER * len(self.words) + 6.0

    def meets(self, other: Label) -> bool:
        """Return whether two labels overlap."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + LINE
            and other.y < self.y + LINE
        )

    def covers(self, dot: tuple[float, float]) -> bool:
        """Return whether it lies on a dot."""
        x, y = dot
        return self.x - 6 < x < self.x + self.width + 6 and self.y - 6 < y < self.y + LINE + 6


def labels(
    dots: Sequence[tuple[str, float, float, str]],
    area: tuple[float, float, float, float],
    kept_free: Sequence[tuple[float, float]] = (),
) -> list[Label]:
    """Return a label for each dot, none on another one, on a dot or outside of an area.

    Places are tried around the dot, near ones first. Names of one dot share its label.

    Parameters
    ----------
    dots
        Words, place and colour of each.
    area
        Left, top, right and bottom that labels keep within.
    kept_free
        Further points that no label lies on where there is another place.
    """
    joined: dict[tuple[float, float], tuple[list[str], str]] = {}
    for words, x, y, colour in dots:
        joined.setdefault((round(x, 1), round(y, 1)), ([], colour))[0].append(words)
    left, top, right, bottom = area
    placed: list[Label] = []
    for at, (names, colour) in joined.items():
        words = ", ".join(names)
        width = Label(words, 0, 0, at, colour).width
        tried = []
        for away in (NEAR, 2 * NEAR, 4 * NEAR, 6 * NEAR, 9 * NEAR, 12 * NEAR, 16 * NEAR):
            x, y = at
            for corner in (
                (x + away, y - LINE / 2),
                (x - away - width, y - LINE / 2),
                (x + away / 2, y - away - LINE / 2),
                (x + away / 2, y + away - LINE / 2),
                (x - away / 2 - width, y - away - LINE / 2),
                (x - away / 2 - width, y + away - LINE / 2),
                (x - width / 2, y - away - LINE / 2),
                (x - width / 2, y + away - LINE / 2),
            ):
                inside = min(max(corner[0], left), max(right - width, left))
                one = Label(words, inside, corner[1], at, colour)
                if top <= one.y <= bottom - LINE:
                    tried.append(one)
        apart = [
            one
            for one in tried
            if not any(one.meets(other) for other in placed)
            and not any(one.covers(dot) for dot in joined)
        ]
        free = [one for one in apart if not any(one.covers(point) for point in kept_free)]
        placed.append((free or apart or tried)[0])
    return placed


def scatter(told: Plain, width: float, height: float) -> str:
    """Return chance against burden as SVG: all plans faint, the front, and those with a name.

    Parameters
    ----------
    told
        What the planner found, :func:`trephine.study.plan_document.plan_document`.
    width, height
        Size of the drawing.
    """
    front = told["front"]
    # A plan whose cost is not known has no place on an axis of costs.
    named = [one for one in told["named"] if one["burden"] is not None]
    most = max(one["burden"] for one in (*named, *front))
    x = Scale(0.0, nice_top(1.02 * most), 46, width - 22)
    y = Scale(0.0, 100.0, height - 46, 40)
    parts = [*_axes(told, x, y), *_cloud(told, x, y)]
    steps, pen = [], "M"
    for one in front:
        across, up = x(one["burden"]), y(100 * one["chance"])
        steps.append(f"{pen}{across:.1f} {up:.1f}" if pen == "M" else f"H{across:.1f}V{up:.1f}")
        pen = "H"
    parts.append(f'<path d="{"".join(steps)}" fill="none" stroke="{ACCENT}" stroke-width="2"/>')
    parts += [
        f'<circle cx="{x(one["burden"]):.1f}" cy="{y(100 * one["chance"]):.1f}" r="3" '
        f'fill="{ACCENT}"><title>{escape(told_in_full(one))}</title></circle>'
        for one in front
    ]
    dots = []
    for one in named:
        colour = COLOURS[one["name"]]
        across, up = x(one["burden"]), y(100 * one["chance"])
        low, high = (y(100 * end) for end in one["interval"])
        parts.append(rule(across, low, across, high, colour))
        parts.append(
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="6" fill="{colour}" stroke="{PAPER}" '
            f'stroke-width="1.5"><title>{escape(one["name"] + ": " + told_in_full(one))}</title>'
            "</circle>"
        )
        dots.append((SHORT[one["name"]], across, up, colour))
    line = [(x(one["burden"]), y(100 * one["chance"])) for one in front]
    area = (x.start + 4, 22.0, x.end, y.start - 4)
    aim = [(x.start + k, y(100 * told["target"])) for k in range(0, int(x.end - x.start), 5)]
    for label in labels(dots, area, [*staircase(line), *aim]):
        parts += _drawn(label)
    what = f"{told['gain']} against {told['burden']['what']}"
    return picture(width, height, f"Scatter: {what}; the front and the plans with a name", parts)


def staircase(line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points a few pixels apart along the steps that join the front."""
    found = list(line[:1])
    for (x, y), (across, up) in itertools.pairwise(line):
        found += [(x + k, y) for k in range(0, int(across - x), 5)]
        found += [(across, y - k) for k in range(0, int(y - up), 5)]
    return [*found, *line[-1:]]


def told_in_full(one: Plain) -> str:
    """Return a plan in one line."""
    return f"{one['draws']}, {one['device']}, {one['product']}: {100 * one['chance']:.0f} %"


def unit_of(told: Plain) -> str:
    """Return what the burden is, with its unit."""
    what, unit = str(told["burden"]["what"]), str(told["burden"]["unit"])
    return what if unit in {"", "1"} else f"{what} ({unit})"


def _axes(told: Plain, x: Scale, y: Scale) -> list[str]:
    parts = [text(6, 13, f"{told['gain']} (%)")]
    for tick in (0.0, 20.0, 40.0, 60.0, 80.0, 100.0):
        at = y(tick)
        parts += [
            rule(x.start, at, x.end, at, MUTED if tick == 0 else RULE),
            text(x.start - 7, at + 4, f"{tick:g}", anchor="end"),
        ]
    target = y(100 * told["target"])
    parts.append(rule(x.start, target, x.end, target, INK, "2 4"))
    for tick in x.ticks(6 if x.end > 500 else 4):
        parts += [
            rule(x(tick), y.start, x(tick), y.start + 4, MUTED),
            text(x(tick), y.start + 18, rounded(tick), anchor="middle"),
        ]
    parts.append(text(x.end, y.start + 38, unit_of(told), anchor="end"))
    return parts


def _cloud(told: Plain, x: Scale, y: Scale) -> list[str]:
    """Return a faint dot for what was searched; plans beyond the right end are not drawn."""
    marks = "".join(
        f"M{x(burden):.1f} {y(100 * gain):.1f}h0"
        for burden, gain in told["cloud"]
        if burden <= x.high
    )
    return [
        f'<path d="{marks}" stroke="#c3c8c6" stroke-width="3" stroke-linecap="round" fill="none"/>'
    ]


def _drawn(label: Label) -> list[str]:
    """Return a label with the line to its dot."""
    x, y = label.at
    near = min(max(x, label.x), label.x + label.width)
    edge = min(max(y, label.y + 3), label.y + LINE - 3)
    return [
        rule(x, y, near, edge, label.colour),
        text(label.x + 3, label.y + 13, label.words, colour=INK, size=SIZE, halo=True),
    ]
