"""The site on a grid: what fills each voxel before the treatment."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from trephine.core import digest
from trephine.core.grid import Grid
from trephine.core.types import Voxels, frozen_array


@dataclass(frozen=True)
class Anatomy:
    """Volume fractions on a grid cut along the shaft; all arrays (x, y, z), read-only.

    Parameters
    ----------
    grid
        Where the voxels sit; the fracture is centred on the origin of the coordinates.
    bone
        Fraction of a voxel that is bone present at day 0 [-].
    metal
        Fraction that is implant [-].
    canal
        Fraction that is medullary canal outside the gap, not filled by metal [-].
    gap
        Fraction that lies between the bone ends, inside the periosteal outline, not metal [-].
    callus
        Fraction of soft tissue near the periosteum, where callus may form [-].
    cortex_removed
        Fraction of a voxel whose bone was removed to make the gap [-]; the cortices that
        must be bridged.
    hounsfield
        CT number at day 0 [HU], without metal.
    outer_radius, canal_radius
        Mean periosteal and endosteal radius of the shaft at the gap [m].
    gap_width
        Distance between the bone ends [m].
    tilt
        Angle of the fracture plane from transverse, about the x axis [rad].
    virtual
        Whether the gap was placed in an intact shaft.
    """

    grid: Grid
    bone: Voxels
    metal: Voxels
    canal: Voxels
    gap: Voxels
    callus: Voxels
    cortex_removed: Voxels
    hounsfield: Voxels
    outer_radius: float
    canal_radius: float
    gap_width: float
    tilt: float
    virtual: bool

    def __post_init__(self) -> None:
        """Freeze the arrays and check that they fit the grid and do not overfill a voxel."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                if value.shape != self.grid.shape:
                    raise ValueError(f"{field.name} has shape {value.shape}, not {self.grid.shape}")
                object.__setattr__(self, field.name, frozen_array(value))
        total = self.bone + self.metal + self.canal + self.gap + self.callus
        if total.min() < -1e-9 or total.max() > 1 + 1e-9:
            raise ValueError("the fractions of a voxel must lie between 0 and 1 in all")

    @property
    def open(self) -> Voxels:
        """Fraction of a voxel that cells can live in: neither bone nor metal [-]."""
        share: Voxels = np.clip(1.0 - self.bone - self.metal, 0.0, 1.0)
        return share

    @property
    def healing(self) -> Voxels:
        """Fraction of a voxel that takes part in healing: gap, callus, and the canal beside it [-].

        The canal takes part at the levels of the shaft where callus may form.
        """
        levels = self.callus.sum(axis=(0, 1)) + self.gap.sum(axis=(0, 1)) > 0
        share: Voxels = self.gap + self.callus + self.canal * levels
        return share

    @property
    def digest(self) -> str:
        """Content name of the arrays and the grid."""
        arrays = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        where = [self.grid.shape, self.grid.spacing, self.grid.origin]
        rest = [self.outer_radius, self.canal_radius, self.gap_width, self.tilt, self.virtual]
        return digest.of_document([digest.of_arrays(arrays), where, rest])
