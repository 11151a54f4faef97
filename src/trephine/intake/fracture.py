"""Owns finding a gap between two fragments on a grid along the shaft."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trephine.core.errors import InputError
from trephine.intake.frame import Cut
from trephine.intake.volume import Array

LEAST_COLUMNS = 20
"""Columns of facing cortex from which a plane is told."""


@dataclass(frozen=True)
class FoundGap:
    """A gap as the image shows it, in the axes of the grid.

    Parameters
    ----------
    height
        Where its middle plane crosses the axis [m].
    width
        Mean distance of the bone ends along the shaft [m].
    tilt
        Angle of the middle plane from transverse about the x axis [rad].
    sideways
        The same about the y axis; a case cannot hold it [rad].
    columns
        How many columns of facing cortex told it.
    """

    height: float
    width: float
    tilt: float
    sideways: float
    columns: int


def find_gap(cut: Cut) -> FoundGap:
    """Return the gap between two fragments of a shaft.

    In every column of voxels along the shaft that runs through the cortex of both fragments, the
    longest break between bone and bone is taken; its ends lie where the CT number crosses that
    of the bone's surface, found by linear interpolation. The middle plane is a least-squares
    plane through the middles.

    Raises
    ------
    InputError
        If the cortices of two fragments do not face each other on the grid.
    """
    values = cut.hounsfield
    solid = values >= cut.surface
    x, y, z = (cut.grid.axis(i) for i in range(3))
    rows = []
    for i, j in np.argwhere(cut.bone.mean(axis=2) > 0.5):
        found = _break(solid[i, j], values[i, j], z, cut.surface)
        if found is not None:
            rows.append((x[i], y[j], *found))
    table = np.array(rows)
    if len(rows) < LEAST_COLUMNS:
        raise InputError(
            "the cortices of the two fragments do not face each other along the shaft; a "
            "displaced or angulated bone cannot be cut along one axis"
        )
    middle, width = (table[:, 2] + table[:, 3]) / 2, table[:, 3] - table[:, 2]
    design = np.stack([np.ones(len(rows)), table[:, 0], table[:, 1]], axis=1)
    kept = np.abs(width - np.median(width)) <= _bound(width, cut.grid.spacing)
    for _ in range(5):
        plane = np.linalg.lstsq(design[kept], middle[kept], rcond=None)[0]
        off = middle - design @ plane
        # a column at the rim of the cortex may break elsewhere, far from the gap
        now = kept & (np.abs(off) <= _bound(off[kept], cut.grid.spacing))
        if now.sum() < LEAST_COLUMNS or (now == kept).all():
            break
        kept = now
    return FoundGap(
        height=float(plane[0]),
        width=float(width[kept].mean()),
        tilt=float(np.arctan(plane[2])),
        sideways=float(np.arctan(plane[1])),
        columns=int(kept.sum()),
    )


def _bound(values: Array, voxel: float) -> float:
    """Return three scaled median deviations, at least half a voxel."""
    deviation = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    return max(3 * deviation, voxel / 2)


def _break(solid: Array, values: Array, z: Array, half: float) -> tuple[float, float] | None:
    """Return where the longest break in a column of bone begins and ends [m]."""
    places = np.flatnonzero(solid)
    if places.size < 2:
        return None
    steps = np.diff(places)
    k = int(np.argmax(steps))
    if steps[k] < 2:
        return None
    low, high = int(places[k]), int(places[k + 1])

    def crossing(inner: int, outer: int) -> float:
        share = (values[inner] - half) / (values[inner] - values[outer])
        return float(z[inner] + share * (z[outer] - z[inner]))

    return crossing(low, low + 1), crossing(high, high - 1)
