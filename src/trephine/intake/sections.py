"""Owns cross-sections of a bone, slice by slice, and the line through their centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.core.errors import InputError
from trephine.intake.volume import Array, Volume


@dataclass(frozen=True)
class Sections:
    """Sections of a bone across the long axis of the scan; arrays (section,).

    Parameters
    ----------
    height
        Position along the scan's z axis [m].
    cortical
        Area of bone [m^2].
    outline
        Area within the periosteum, canal included [m^2].
    centre
        Centre of the area within the periosteum, LPS, (section, 3) [m].
    middle
        Centre of the canal, or of the outline where no canal is enclosed, (section, 3) [m].
    """

    height: Array
    cortical: Array
    outline: Array
    centre: Array
    middle: Array

    @property
    def canal(self) -> Array:
        """Area enclosed by bone [m^2]."""
        area: Array = self.outline - self.cortical
        return area

    def where(self, keep: NDArray[np.bool_]) -> Sections:
        """Return the sections that a mask keeps."""
        return Sections(
            self.height[keep],
            self.cortical[keep],
            self.outline[keep],
            self.centre[keep],
            self.middle[keep],
        )

    def within(self, low: float, high: float) -> Sections:
        """Return the sections between two heights [m]."""
        return self.where((self.height >= low - 1e-9) & (self.height <= high + 1e-9))


@dataclass(frozen=True)
class Line:
    """A straight line that rises along z.

    Parameters
    ----------
    point
        A point of it, LPS (3,) [m].
    direction
        Unit vector towards the head, LPS (3,) [-].
    spread
        Root mean square distance of the centres from it [m].
    """

    point: Array
    direction: Array
    spread: float

    def at(self, height: float) -> Array:
        """Return the point at a height z, LPS (3,) [m]."""
        place: Array = self.point + self.direction * (height - self.point[2]) / self.direction[2]
        return place


def filled_sections(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with the holes of each of its sections filled, (x, y, z)."""
    filled = np.zeros_like(mask)
    for k in np.flatnonzero(mask.any(axis=(0, 1))):
        filled[:, :, k] = ndimage.binary_fill_holes(mask[:, :, k])
    return filled


def sections(volume: Volume, mask: NDArray[np.bool_]) -> Sections:
    """Return the sections of a bone, foot end first, one for each slice that holds it."""
    box = ndimage.find_objects(mask.astype(np.int8))[0]
    corner = np.array([side.start for side in box], dtype=float)
    bone = mask[box]
    filled = filled_sections(bone)
    area = volume.voxel_volume / volume.spacing[2]
    kept = np.flatnonzero(bone.any(axis=(0, 1)))
    centre, middle = np.empty((kept.size, 3)), np.empty((kept.size, 3))
    for row, k in enumerate(kept):
        canal = filled[:, :, k] & ~bone[:, :, k]
        for place, part in ((centre, filled[:, :, k]), (middle, canal)):
            shown = part if part.any() else filled[:, :, k]
            place[row] = [*np.argwhere(shown).mean(axis=0), k]
    centre, middle = volume.position(centre + corner), volume.position(middle + corner)
    return Sections(
        height=centre[:, 2],
        cortical=bone.sum(axis=(0, 1))[kept] * area,
        outline=filled.sum(axis=(0, 1))[kept] * area,
        centre=centre,
        middle=middle,
    )


def centre_line(table: Sections, *, of_canal: bool = False) -> Line:
    """Return the straight line through the centres of sections, little moved by a few odd ones.

    Least squares in z, repeated without the centres beyond three scaled median deviations.

    Raises
    ------
    InputError
        If there are fewer than three sections.
    """
    points = table.middle if of_canal else table.centre
    if len(points) < 3:
        raise InputError("too few slices cross the bone there to tell its direction")
    heights = points[:, 2]
    origin = float(heights.mean())
    keep = np.ones(len(points), dtype=bool)
    for _ in range(5):
        design = np.stack([np.ones(keep.sum()), heights[keep] - origin], axis=1)
        fit = np.linalg.lstsq(design, points[keep, :2], rcond=None)[0]
        off = points[:, :2] - (fit[0] + (heights - origin)[:, None] * fit[1])
        away = np.linalg.norm(off, axis=1)
        bound = max(3 * 1.4826 * float(np.median(away[keep])), 1e-4)
        if (away[keep] <= bound).all() or (away <= bound).sum() < 3:
            break
        keep = away <= bound
    direction = np.array([fit[1, 0], fit[1, 1], 1.0])
    return Line(
        point=np.array([fit[0, 0], fit[0, 1], origin]),
        direction=direction / np.linalg.norm(direction),
        spread=float(np.sqrt((away[keep] ** 2).mean())),
    )
