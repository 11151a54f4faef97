"""Owns telling one bone from everything else in a CT, and the report on how that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.core.errors import InputError
from trephine.intake.parameters import IntakeParameters
from trephine.intake.sections import centre_line, sections
from trephine.intake.volume import Volume

Mask = NDArray[np.bool_]
Labels = NDArray[np.signedinteger[Any]]

FACES = (("right", "left"), ("front", "back"), ("foot", "head"))
FACING = 0.045
"""Length of bone at the facing ends of two fragments by which their lines are compared [m]."""


@dataclass(frozen=True)
class SanityReport:
    """How the segmentation went.

    Parameters
    ----------
    volume
        Volume of the bone [m^3].
    hounsfield_median
        Median CT number in it [HU].
    parts
        Connected parts above the threshold in the scan; contrast and neighbours count too.
    taken
        How many of them make up the bone: 1, or 2 where it is broken.
    next_share
        Size of the largest part left out, relative to the largest taken [-].
    touches
        Sides of the scan that the bone reaches.
    metal
        Volume of metal in the scan [m^3].
    """

    volume: float
    hounsfield_median: float
    parts: int
    taken: int
    next_share: float
    touches: tuple[str, ...]
    metal: float


@dataclass(frozen=True)
class Bone:
    """One bone in a scan.

    Parameters
    ----------
    mask
        Voxels of the bone's mineralised tissue, (x, y, z).
    metal
        Voxels of metal anywhere in the scan, (x, y, z).
    report
        How the segmentation went.
    """

    mask: Mask
    metal: Mask
    report: SanityReport

    def turned(self, axes: tuple[int, ...]) -> Bone:
        """Return the bone of a scan whose axes were reversed."""
        return Bone(np.flip(self.mask, axes), np.flip(self.metal, axes), self.report)


def segment(
    volume: Volume,
    p: IntakeParameters,
    *,
    near: tuple[float, float, float] | None = None,
    broken: bool = False,
) -> Bone:
    """Return the largest connected bone, or the one nearest to a point.

    Voxels above the bone threshold that touch by faces form parts; the threshold alone also
    picks up contrast-filled arteries and the neighbouring bones. Metal, and the voxels next
    to it, belong to no part.

    Parameters
    ----------
    volume
        The scan.
    p
        Thresholds and bounds.
    near
        A point in or next to the wanted bone, LPS coordinates [m].
    broken
        Whether the bone is in two pieces, which are then joined.

    Raises
    ------
    InputError
        If there is no bone, or it is unclear which part is meant.
    """
    metal = _metal(volume, p)
    candidate = volume.hounsfield >= p.bone_threshold
    if metal.any():
        candidate &= ~ndimage.binary_dilation(metal)
    parts, count = ndimage.label(candidate)
    sizes = np.bincount(parts.ravel(), minlength=1)[1:]
    ranks = np.argsort(sizes)[::-1]
    if count == 0 or sizes[ranks[0]] * volume.voxel_volume < p.least_bone:
        largest = float(sizes.max(initial=0)) * volume.voxel_volume * 1e6
        raise InputError(
            f"no bone was found: the largest connected part above {p.bone_threshold:.0f} HU has "
            f"{largest:.2g} mL, a long bone at least {p.least_bone * 1e6:.2g} mL; "
            "give a scan that shows the shaft"
        )
    chosen = int(ranks[0]) if near is None else _nearest(volume, parts, near)
    taken = [chosen]
    if broken:
        taken.append(_other_fragment(volume, parts, sizes, chosen, p))
    rest = [int(r) for r in ranks if r not in taken]
    share = float(sizes[rest[0]] / sizes[chosen]) if rest else 0.0
    if near is None and share >= p.rival_share:
        first, second = (sizes[k] * volume.voxel_volume * 1e6 for k in (chosen, rest[0]))
        raise InputError(
            f"two parts of similar size are in view ({first:.3g} and {second:.3g} mL) and it is "
            "unclear which bone is meant; give a point in it (--near), or, if they are the "
            "fragments of one bone, leave --gap and --level out so that the gap is found"
        )
    mask = np.isin(parts, [k + 1 for k in taken])
    values = volume.hounsfield[mask]
    report = SanityReport(
        volume=float(mask.sum()) * volume.voxel_volume,
        hounsfield_median=float(np.median(values)),
        parts=int(count),
        taken=len(taken),
        next_share=share,
        touches=_touches(mask),
        metal=float(metal.sum()) * volume.voxel_volume,
    )
    return Bone(mask, metal, report)


def _metal(volume: Volume, p: IntakeParameters) -> Mask:
    """Return metal: voxels above its threshold that touch at least one other."""
    bright = volume.hounsfield >= p.metal_threshold
    parts, count = ndimage.label(bright)
    if not count:
        return bright
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    metal: Mask = (sizes >= 2)[parts]
    return metal


def _nearest(volume: Volume, parts: Labels, near: tuple[float, float, float]) -> int:
    """Return the part with the voxel nearest to a point."""
    found = np.argwhere(parts > 0)
    apart = np.linalg.norm(volume.position(found.astype(float)) - np.array(near), axis=1)
    best = int(np.argmin(apart))
    if apart[best] > 0.05:
        raise InputError(
            f"no bone lies within 50 mm of the point given; the nearest is {apart[best] * 1e3:.0f} "
            "mm away; give LPS coordinates of a point in the bone"
        )
    return int(parts[tuple(found[best])]) - 1


def _other_fragment(
    volume: Volume,
    parts: Labels,
    sizes: Labels,
    chosen: int,
    p: IntakeParameters,
) -> int:
    """Return the part that continues the line of the chosen one across a gap."""
    first = parts == chosen + 1
    best, offset = -1, np.inf
    for k in np.flatnonzero(sizes >= p.fragment_share * sizes[chosen]):
        if k != chosen:
            apart = _misfit(volume, first, parts == k + 1)
            if apart < offset:
                best, offset = int(k), apart
    if offset > 1.0:
        raise InputError(
            "the scan shows the bone in one piece, no second fragment in line with it; for an "
            "intact bone give --gap and --level, which place a virtual gap"
        )
    return best


def _misfit(volume: Volume, first: Mask, second: Mask) -> float:
    """Return how far two parts are from one line, relative to the radius of the bone."""
    tables = [sections(volume, mask) for mask in (first, second)]
    low, high = sorted(tables, key=lambda table: float(table.height.mean()))
    if low.height.max() - high.height.min() > FACING:
        return np.inf
    lower = low.within(low.height.max() - FACING, low.height.max())
    upper = high.within(high.height.min(), high.height.min() + FACING)
    between = 0.5 * (low.height.max() + high.height.min())
    if min(lower.height.size, upper.height.size) < 3:
        return np.inf
    places = [centre_line(table).at(between) for table in (lower, upper)]
    radius = float(np.sqrt(np.median(upper.outline) / np.pi))
    return float(np.linalg.norm(places[0] - places[1])) / radius


def _touches(mask: Mask) -> tuple[str, ...]:
    """Return the sides of the scan that a mask reaches."""
    found = []
    for axis, names in enumerate(FACES):
        for end, name in zip((0, -1), names, strict=True):
            if mask.take(end, axis=axis).any():
                found.append(name)
    return tuple(found)
