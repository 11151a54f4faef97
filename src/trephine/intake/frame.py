"""Owns the grid cut along a shaft: its axes in the patient, and scan values on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.core.errors import InputError
from trephine.core.grid import Grid
from trephine.intake.parameters import IntakeParameters
from trephine.intake.sections import Line
from trephine.intake.segmentation import Bone
from trephine.intake.tissues import tissues
from trephine.intake.volume import Array, Volume

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Frame:
    """Axes along a shaft in the patient.

    Parameters
    ----------
    origin
        Where the axes meet, LPS (3,) [m].
    axes
        Columns: unit vectors x, y, z, LPS (3, 3) [-]; z along the shaft towards the head, x the
        direction across it nearest to the patient's left, y nearest to the back.
    """

    origin: Array
    axes: Array

    @classmethod
    def along(cls, line: Line, height: float) -> Frame:
        """Return the frame on a line at a height z [m]."""
        z = line.direction
        x = np.array([1.0, 0.0, 0.0]) - z[0] * z
        x /= np.linalg.norm(x)
        return cls(line.at(height), np.stack([x, np.cross(z, x), z], axis=1))

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Frame:
        """Return the frame with its origin moved along its own axes [m]."""
        return Frame(self.origin + self.axes @ np.array([x, y, z]), self.axes)

    def points(self, grid: Grid, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Array:
        """Return the voxel centres of a grid in the patient, LPS (x, y, z, 3) [m].

        ``shift`` moves them, in voxels along the grid's axes.
        """
        axes = (grid.axis(i) + shift[i] * grid.spacing for i in range(3))
        local = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        place: Array = self.origin + local @ self.axes.T
        return place


@dataclass(frozen=True)
class Cut:
    """A scan on a grid along the shaft; arrays (x, y, z).

    Parameters
    ----------
    grid
        The grid; its origin of coordinates is the frame's.
    hounsfield
        CT numbers, each the mean over a voxel [HU].
    bone, metal
        Voxels of the bone and of metal.
    outside
        Voxels that the scan does not show.
    surface
        CT number that marks the surface of the bone [HU].
    """

    grid: Grid
    hounsfield: Array
    bone: Mask
    metal: Mask
    outside: Mask
    surface: float


def cut(volume: Volume, bone: Bone, frame: Frame, grid: Grid, p: IntakeParameters) -> Cut:
    """Return a scan on a grid along the shaft.

    CT numbers are interpolated linearly at eight points of a voxel and averaged. The surface of
    the bone is where they cross halfway between soft tissue and this bone's median: a blurred
    edge stands there, while the fixed threshold that tells bone from the rest of a scan
    lies half a voxel outside it. Only places next to voxels that belonged to the bone in the scan
    count, so that arteries and neighbouring bones stay out.

    Raises
    ------
    InputError
        If no bone lies on the grid.
    """
    quarter = (-0.25, 0.25)
    shifts = [(a, b, c) for a in quarter for b in quarter for c in quarter]
    values = np.mean([volume.sample(frame.points(grid, shift), p.air) for shift in shifts], axis=0)
    place = np.moveaxis(volume.index(frame.points(grid)), -1, 0)
    near = _nearest(ndimage.binary_dilation(bone.mask, np.ones((3, 3, 3), dtype=bool)), place)
    metal = _nearest(bone.metal, place)
    limits = np.array(volume.hounsfield.shape)[:, None, None, None]
    outside = np.any((place < -0.5) | (place > limits - 0.5), axis=0)
    solid = (values >= p.bone_threshold) & near & ~metal
    if not solid.any():
        raise InputError("no bone lies along the shaft there; move --level")
    surface = (float(np.median(values[solid])) + tissues().hounsfield["fibrous"]) / 2
    surface = max(surface, p.bone_threshold)
    return Cut(grid, values, solid & (values >= surface), metal, outside, surface)


def _nearest(mask: Mask, place: Array) -> Mask:
    """Return a mask at fractional indices, False outside it."""
    found = ndimage.map_coordinates(mask.astype(np.uint8), place, order=0, mode="constant", cval=0)
    return np.asarray(found, dtype=bool)
