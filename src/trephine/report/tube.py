"""Owns the layers in a spun tube over time: a film strip, one picture of the tube each moment."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trephine.case.processing import Spin
from trephine.models.separation import PROGENITOR
from trephine.models.settling import PLATELET, Layers
from trephine.report.palette import INK, LAYERS, MUTED, PAPER, RULE, rgb
from trephine.report.svg import Scale, box, picture, rule, text
from trephine.report.words import NO_BREAK, TIMES, rounded

Array = NDArray[np.floating]

LANES: Mapping[str, tuple[str, ...]] = {
    "platelets": (PLATELET,),
    "progenitors": (PROGENITOR,),
    "mononuclear": ("lymphocyte", "monocyte"),
    "erythroblasts": ("erythroblast",),
    "granulocytes": ("promyelocyte", "myelocyte", "metamyelocyte", "neutrophil", "eosinophil"),
}
"""Classes of cells that share a lane beside the tube, by key of its shade."""
FRAMES = 8
WIDTH, HEIGHT, TOP, FOOT = 1060.0, 420.0, 62.0, 352.0
LEFT, RIGHT, TUBE, LANE = 56.0, 1054.0, 34.0, 13.0
LEVELS = 12
"""Steps of colour in a lane."""
FULL = 16.0
"""Concentration, relative to the marrow as drawn, that has the full colour."""


def film_strip(
    layers: Layers,
    spin: Spin,
    shares: Mapping[str, float],
    taken: tuple[float, float] | None = None,
) -> str:
    """Return an SVG of the tube at moments from left to right, its cells in lanes beside it.

    Parameters
    ----------
    layers
        What stands where, over time.
    spin
        The spin that did it.
    shares
        Share of each class among nucleated cells; it weighs the classes that share a lane [-].
    taken
        Lower and upper level of the slice that is taken, marked on the last picture [m].
    """
    up = Scale(0.0, layers.height * 100, FOOT, TOP)
    parts = [text(6, TOP - 14, "height in the tube, cm"), *_heights(up)]
    moments = np.rint(np.linspace(0, layers.times.size - 1, FRAMES)).astype(int)
    step = (RIGHT - LEFT) / FRAMES
    for place, moment in enumerate(moments):
        x = LEFT + place * step + 0.5 * (step - TUBE - len(LANES) * LANE)
        parts += _frame(layers, int(moment), shares, x, up)
        parts.append(_time(layers.times[moment], x))
    parts.append(text(RIGHT, FOOT + 36, _about(spin), anchor="end"))
    if taken is not None:
        parts += _slice(taken, RIGHT - step, up)
    parts += _legend()
    label = f"The tube at {FRAMES} moments of the spin, with where each kind of cell stands"
    return picture(WIDTH, HEIGHT, label, parts)


def _heights(up: Scale) -> list[str]:
    parts = []
    for tick in up.ticks(6):
        at = up(tick)
        parts.append(rule(LEFT - 4, at, RIGHT, at))
        parts.append(text(LEFT - 9, at + 4, rounded(tick), anchor="end"))
    return parts


def _frame(
    layers: Layers, moment: int, shares: Mapping[str, float], x: float, up: Scale
) -> list[str]:
    """Return one picture: the tube in its colours, and a lane for each kind of cell."""
    shades = {shade.key: shade.colour for shade in LAYERS}
    red = layers.red_cells[moment] / 0.8
    parts = [box(x, TOP - 1, TUBE + len(LANES) * LANE, FOOT - TOP, "#ffffff")]
    parts += _column(red, x, TUBE, shades["red_cells"], shades["plasma"], up)
    for number, (key, names) in enumerate(LANES.items()):
        weights = [shares.get(name, 1.0) for name in names]
        rows = [layers.riders[moment, layers.names.index(name)] for name in names]
        density = np.average(rows, axis=0, weights=weights)
        at = x + TUBE + 2 + number * LANE
        parts += _column(strength(density), at, LANE - 2, shades[key], "#ffffff", up)
    outline = f' fill-opacity="0" stroke="{MUTED}" stroke-width="1.2" rx="3"'
    parts.append(box(x, TOP, TUBE, FOOT - TOP, PAPER, outline))
    return parts


def strength(density: Array) -> Array:
    """Return the strength of colour of a concentration over that of the marrow as drawn, 0 to 1.

    It rises with the concentration to a quarter at 1, then with its logarithm to full at 16.
    """
    more = np.log2(np.maximum(density, 1.0)) / np.log2(FULL)
    found: Array = np.minimum(0.25 * np.minimum(density, 1.0) + 0.75 * more, 1.0)
    return found


def _column(
    values: Array, x: float, width: float, colour: str, ground: str, up: Scale
) -> list[str]:
    """Return a column coloured from the ground, at 0, to the colour, at 1; even parts are one."""
    steps = np.rint(np.clip(values, 0.0, 1.0) * LEVELS).astype(int)
    breaks = [0, *(np.flatnonzero(np.diff(steps)) + 1).tolist(), steps.size]
    edges = np.linspace(up.start, up.end, steps.size + 1)
    parts = []
    for low, high in pairwise(breaks):
        shade = _between(ground, colour, steps[low] / LEVELS)
        parts.append(box(x, edges[high], width, edges[low] - edges[high] + 0.3, shade))
    return parts


def _between(ground: str, colour: str, share: float) -> str:
    mixed = [a + (b - a) * share for a, b in zip(rgb(ground), rgb(colour), strict=True)]
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def _time(seconds: float, x: float) -> str:
    middle = x + 0.5 * (TUBE + len(LANES) * LANE)
    return text(middle, FOOT + 17, f"{rounded(seconds / 60, 2)}{NO_BREAK}min", anchor="middle")


def _about(spin: Spin) -> str:
    force = f"minutes at {rounded(spin.force)}{NO_BREAK}{TIMES}{NO_BREAK}gravity"
    if spin.radius is None:
        return force
    return f"{force} in the middle of the column, {rounded(spin.radius * 100)}{NO_BREAK}cm radius"


def _slice(taken: tuple[float, float], x: float, up: Scale) -> list[str]:
    parts = [rule(x, up(level * 100), RIGHT, up(level * 100), INK, "4 3") for level in taken]
    return [*parts, text(RIGHT, up(taken[1] * 100) - 5, "taken", anchor="end", colour=INK)]


def _legend() -> list[str]:
    """Return the names of the colours, the tube's two first, in two rows."""
    parts, x, y = [], 6.0, 14.0
    for shade in LAYERS:
        parts.append(box(x, y - 10, 12, 12, shade.colour, f' stroke="{RULE}"'))
        parts.append(text(x + 17, y, shade.label, colour=INK))
        x += 34 + 6.6 * len(shade.label)
    how = "in the lanes: a quarter of the colour is as in the marrow drawn, full is 16-fold or more"
    parts.append(text(6, HEIGHT - 6, how))
    return parts
