"""A domain that grows: slices enter the middle of the regenerate, and what is there is stretched.

The grid keeps its shape. At first most of it is bone; as the bone ends are drawn apart, the part
above the middle moves up slice by slice, and bone leaves at the top. Between two whole slices the
middle slice is thinner than the others: the length of the regenerate is exact at any time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.core.types import Voxels
from trephine.core.units import Length
from trephine.models.callus import tissue_of
from trephine.models.tissue import Tissue
from trephine.numerics.faces import Faces

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RegenerateParameters:
    """Where a regenerate grows.

    Parameters
    ----------
    interzone
        Width of the central fibrous zone that the distraction stretches [m].
    """

    SECTION: ClassVar[str] = "regenerate"

    interzone: Length


@dataclass(frozen=True)
class Domain:
    r"""The site at every length of the regenerate, on one grid.

    Parameters
    ----------
    whole
        The site with the regenerate at its longest, of a whole number of slices.
    first
        Lowest slice of the regenerate.
    most
        Slices of the regenerate at its longest.
    interzone
        Slices that are stretched together, at most.
    """

    whole: Anatomy
    first: int
    most: int
    interzone: int

    @classmethod
    def of(cls, whole: Anatomy, interzone: float) -> Domain:
        """Return the domain of a site whose regenerate is at its longest.

        Parameters
        ----------
        whole
            The site; its gap is transverse and takes up whole slices.
        interzone
            Width that is stretched [m].
        """
        levels = np.flatnonzero(whole.gap.sum(axis=(0, 1)) > 0)
        spacing = whole.grid.spacing
        return cls(whole, int(levels[0]), len(levels), max(1, round(interzone / spacing)))

    def slices(self, length: float) -> tuple[int, float]:
        """Return how many slices a length [m] takes, and the share of the middle one in it."""
        units = length / self.whole.grid.spacing
        count = max(1, math.ceil(units - 1e-9))
        return count, min(units - (count - 1), 1.0)

    def middle(self, count: int) -> int:
        """Return the slice that grows where the regenerate has a number of slices."""
        return self.first + count // 2

    def at(self, count: int) -> Anatomy:
        """Return the site with a number of slices in the regenerate, each whole."""
        low, high = self.first + (count + 1) // 2, self.first + self.most - count // 2
        size = self.whole.grid.shape[2]
        kept = [*range(low), *range(high, size)]
        kept += [size - 1] * (size - len(kept))
        arrays: dict[str, Any] = {
            f.name: getattr(self.whole, f.name)[:, :, kept]
            for f in fields(self.whole)
            if isinstance(getattr(self.whole, f.name), np.ndarray)
        }
        width = count * self.whole.grid.spacing
        return replace(self.whole, **arrays, gap_width=width)

    def tissue(self, count: int, share: float, biology: Biology) -> Tissue:
        r"""Return the geometry of the healing tissue at a length; lengths in mm.

        The middle slice holds a share :math:`\sigma` of the volume of a voxel. Its middle lies
        nearer to those of its neighbours, so what passes the faces between them is divided by
        :math:`(1 + \sigma)/2`, and what passes its sides is multiplied by :math:`\sigma`.
        """
        whole = tissue_of(self.at(count), biology)
        at = self.middle(count)
        thin = np.ones(self.whole.grid.shape[2])
        thin[at] = share
        near = np.ones(thin.size - 1)
        near[[at - 1, at]] = 2.0 / (1.0 + share)
        ends = np.ones(thin.size)
        ends[at] = 1.0 / share

        def squeezed(faces: Faces) -> Faces:
            return faces[0] * thin, faces[1] * thin, faces[2] * near

        return whole._replace(
            open=whole.open * thin,
            apertures=squeezed(whole.apertures),
            wet=whole.wet * thin,
            wet_apertures=squeezed(whole.wet_apertures),
            living_bone=whole.living_bone * thin,
            muscle=whole.muscle * thin,
            living_surface=whole.living_surface * ends,
            dead_surface=whole.dead_surface * ends,
        )

    def zone(self, count: int) -> tuple[int, int]:
        """Return the first slice of the zone that is stretched, and the one after its last."""
        at, half = self.middle(count), self.interzone // 2
        return max(self.first, at - half), min(self.first + count, at + half + 1)


def inserted(values: Voxels, at: int) -> Array:
    """Return voxels with an empty slice put in, all above it moved up, and the top one dropped."""
    array = np.asarray(values, dtype=np.float64)
    empty = np.zeros((*array.shape[:-1], 1))
    found: Array = np.concatenate([array[..., :at], empty, array[..., at:-1]], axis=-1)
    return found


def overlaps(before: Array, after: Array) -> Array:
    r"""Return which share of each slice goes to which when a stack is stretched, (from, to) [-].

    .. math:: F_{ij} = \frac{|\,T'/T\,[z_{i-1}, z_i] \cap [z'_{j-1}, z'_j]\,|}{T'/T\, h_i}

    Every row of a slice of some height adds to one, so nothing is lost or made.

    Parameters
    ----------
    before, after
        Heights of the slices, (slice,); their sums are :math:`T` and :math:`T'`.
    """
    old = np.concatenate([[0.0], np.cumsum(before)]) * (after.sum() / before.sum())
    new = np.concatenate([[0.0], np.cumsum(after)])
    new[-1] = old[-1]
    top = np.minimum(old[1:, None], new[None, 1:])
    bottom = np.maximum(old[:-1, None], new[None, :-1])
    shared = np.maximum(top - bottom, 0.0)
    total = shared.sum(axis=1, keepdims=True)
    share: Array = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return share


def stretched(
    state: Mapping[str, Any],
    zone: tuple[int, int],
    open_before: Voxels,
    open_after: Voxels,
    heights: tuple[Array, Array],
) -> dict[str, Any]:
    r"""Return a state after the zone in the middle is stretched.

    .. math:: \frac{\partial c}{\partial t} + u\,\frac{\partial c}{\partial z}
        = -c\,\frac{\partial u}{\partial z}, \qquad
        \frac{\partial u}{\partial z} = \frac{\dot L}{w} \text{ within the zone}

    The material derivative and the dilution, by moving what each slice holds and laying it out
    on the slices anew: what a column of voxels holds of each field stays exactly the same.

    Parameters
    ----------
    state
        Fields per volume of healing tissue, (x, y, z).
    zone
        First slice of the zone and the one after its last.
    open_before, open_after
        Share of a voxel that heals, (x, y, z) [-].
    heights
        Heights of the slices of the zone before and after, in voxels.
    """
    part = slice(*zone)
    moved = overlaps(*heights)
    before, after = np.asarray(open_before)[..., part], np.asarray(open_after)[..., part]
    room = np.where(after > 0, after, 1.0)
    found = {}
    for name, values in state.items():
        array = np.array(values, dtype=np.float64)
        content = (array[..., part] * before) @ moved
        array[..., part] = np.where(after > 0, content / room, 0.0)
        found[name] = jnp.asarray(array)
    return found
