"""Owns the strain that the gap feels, beside the strains at which the fate of tissue turns."""

from __future__ import annotations

import numpy as np

from trephine.case.run import Run
from trephine.core.types import Series, Voxels
from trephine.report.frames import Frames
from trephine.report.legend import Graph, Key, readings
from trephine.report.palette import ACCENT, SECOND
from trephine.report.svg import Panel, decades
from trephine.report.words import NO_BREAK, rounded

TURNS = (
    ("callus.quiet_strain", "quiet <"),
    ("callus.bone_strain", "bone ≤"),
    ("callus.cartilage_strain", "cartilage ≤"),
)
"""Records of the strains at which the fate of tissue turns, and what they say."""
SHARES = (0.5, 0.95)
"""Shares of the gap whose strain is drawn."""


def graph(run: Run, frames: Frames) -> Graph:
    """Return the strain that the gap feels, beside the strains at which its fate turns."""
    weeks, gap = run.course.day / 7.0, run.anatomy.gap
    felt = [100 * weighted_quantiles(u, gap, SHARES) for u in run.course.fields["strain"]]
    series = dict(zip(SHARES, np.array(felt).T, strict=True))
    turns = [(100 * run.used[key], words) for key, words in TURNS if key in run.used]
    low, high = decades([*series.values(), np.array([value for value, _ in turns])], 1e4)
    panel = Panel.of(
        weeks,
        (low, high),
        "% distortional strain in the gap",
        "Lines: strain in the gap by week, with the strains at which its fate turns",
        log=True,
    )
    drawn = [panel.axes()]
    drawn += [panel.level(value, f"{words} {rounded(value)}{NO_BREAK}%") for value, words in turns]
    keys = []
    for share, colour, name in (
        (0.5, ACCENT, "Half of the gap"),
        (0.95, SECOND, "95 % of the gap"),
    ):
        drawn.append(panel.line(weeks, series[share], colour))
        told = readings(frames, series[share], lambda v: f"{rounded(v)}{NO_BREAK}%")
        keys.append(Key(f"{name} feels at most", colour, told))
    note = (
        "Averaged over days, as cells feel it. Dotted: the strains up to which bone and "
        "cartilage form undisturbed, and below which cartilage is not called for."
    )
    return Graph("Strain in the gap", note, panel.drawing(drawn), keys)


def weighted_quantiles(values: Voxels, weights: Voxels, shares: tuple[float, ...]) -> Series:
    """Return the values that given shares of the weight lie at or below, (share,)."""
    inside = weights > 0
    found, weight = values[inside], weights[inside]
    order = np.argsort(found, kind="stable")
    below = np.cumsum(weight[order]) / weight.sum()
    at = np.minimum(np.searchsorted(below, shares), order.size - 1)
    quantiles: Series = found[order][at].astype(np.float64)
    return quantiles
