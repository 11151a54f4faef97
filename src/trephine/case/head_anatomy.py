"""What fills each voxel of a femoral head and its socket: the product of its intake."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from trephine.core import digest
from trephine.core.grid import Grid
from trephine.core.types import Voxels, frozen_array


@dataclass(frozen=True)
class HeadAnatomy:
    """A femoral head on a grid whose z axis runs against the hip force, centred on the head.

    x runs to the patient's left and y to the back, as near as the tilt of the force allows.

    Parameters
    ----------
    grid
        The grid; its origin of coordinates is the centre of the head.
    head, neck, cartilage, socket
        Fraction of a voxel that is head, neck, cartilage between head and socket, and bone of
        the socket over the part that bears load, (x, y, z) [-].
    density
        Density of the bone of head and neck over that of sound trabecular bone of the head,
        (x, y, z) [-].
    dead
        Fraction of a voxel that is dead bone at day 0, (x, y, z) [-].
    depth
        Distance from living bone within the lesion, negative outside it, (x, y, z) [m].
    radius
        Of the head [m].
    axis
        Direction from the centre of the head to the middle of the lesion.
    neck_axis
        Direction from the centre of the head down the neck.
    half_angle
        Half of the angle that the lesion takes up, seen from the centre [rad].
    lesion_depth
        How deep the lesion reaches below the joint surface [m].
    necrotic_angle
        Angle of the lesion in the mid-coronal section [rad].
    source
        What it was made of, in words.
    """

    grid: Grid
    head: Voxels
    neck: Voxels
    cartilage: Voxels
    socket: Voxels
    density: Voxels
    dead: Voxels
    depth: Voxels
    radius: float
    axis: tuple[float, float, float]
    neck_axis: tuple[float, float, float]
    half_angle: float
    lesion_depth: float
    necrotic_angle: float
    source: str

    def __post_init__(self) -> None:
        """Freeze the arrays and check that they fit the grid."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                if value.shape != self.grid.shape or not np.isfinite(value).all():
                    raise ValueError(f"{field.name} does not fit the grid or is not finite")
                object.__setattr__(self, field.name, frozen_array(value))

    @property
    def lesion_volume(self) -> float:
        """Volume of dead bone at day 0 [m^3]."""
        return float(self.dead.sum()) * self.grid.voxel_volume

    @property
    def digest(self) -> str:
        """Content name of the arrays and the grid."""
        arrays = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        where = [self.grid.shape, self.grid.spacing, self.grid.origin, self.radius]
        return digest.of_document([digest.of_arrays(arrays), where])
