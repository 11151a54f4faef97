"""Owns a scan as read: CT numbers on a regular lattice in the patient's LPS axes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.core.types import Voxels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Volume:
    """CT numbers of a scan; index axes are the nearest of left, back and head.

    Parameters
    ----------
    hounsfield
        CT numbers, (x, y, z) [HU]; x to the patient's left, y to the back, z to the head.
    affine
        From voxel index to the patient's LPS coordinates, (4, 4) [m].
    source
        What was read, in words without names.
    notices
        What a reader of the result must know.
    """

    hounsfield: Voxels
    affine: Array
    source: str
    notices: tuple[str, ...] = ()

    @cached_property
    def spacing(self) -> Array:
        """Distance between voxel centres along x, y, z, (3,) [m]."""
        edges: Array = np.linalg.norm(self.affine[:3, :3], axis=0)
        return edges

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel [m^3]."""
        return float(np.prod(self.spacing))

    def position(self, index: Array) -> Array:
        """Return LPS coordinates of (fractional) voxel indices, (..., 3) [m]."""
        place: Array = np.asarray(index) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return place

    def index(self, position: Array) -> Array:
        """Return fractional voxel indices of LPS coordinates, (..., 3) [-]."""
        offset = np.asarray(position) - self.affine[:3, 3]
        place: Array = offset @ np.linalg.inv(self.affine[:3, :3]).T
        return place

    def sample(self, position: Array, outside: float) -> Array:
        """Return CT numbers between voxels by linear interpolation, (...) [HU].

        Parameters
        ----------
        position
            LPS coordinates, (..., 3) [m].
        outside
            CT number outside the scan [HU].
        """
        place = np.moveaxis(self.index(position), -1, 0)
        values: Array = ndimage.map_coordinates(
            self.hounsfield, place, output=np.float64, order=1, mode="constant", cval=outside
        )
        return values

    def turned(self, axes: tuple[int, ...], notice: str) -> Volume:
        """Return the scan with some of the patient's axes reversed, and a notice why."""
        mirror = np.eye(4)
        for axis in axes:
            mirror[axis, axis] = -1.0
        array, affine = canonical(self.hounsfield, mirror @ self.affine)
        return Volume(array, affine, self.source, (*self.notices, notice))

    def noting(self, *notices: str) -> Volume:
        """Return the scan with further notices."""
        return replace(self, notices=(*self.notices, *notices))


def canonical(array: Voxels, affine: Array) -> tuple[Voxels, Array]:
    """Return the same scan with index axes in the order and sense nearest to LPS.

    Parameters
    ----------
    array
        Values, any order of axes.
    affine
        From voxel index to LPS coordinates, (4, 4) [m].

    Returns
    -------
    tuple
        The values, contiguous, and their affine; no value is changed or interpolated.
    """
    cosines = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = max(
        itertools.permutations(range(3)),
        key=lambda p: float(sum(abs(cosines[axis, p[axis]]) for axis in range(3))),
    )
    reordered = np.eye(4)
    reordered[:3, :3] = np.eye(3)[:, list(order)]
    array, affine = array.transpose(order), affine @ reordered
    for axis in range(3):
        if affine[axis, axis] < 0:
            last = array.shape[axis] - 1
            array = np.flip(array, axis)
            affine = affine.copy()
            affine[:3, 3] += last * affine[:3, axis]
            affine[:3, axis] *= -1.0
    return np.ascontiguousarray(array), affine
