"""Where values sit: a regular grid in LPS axes, cell-centred, C order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Grid:
    """A regular grid of cubic voxels; arrays on it have axes (x, y, z).

    The axes are the patient's: x grows to the left, y to the back, z to the head (LPS). On a
    long bone the grid is cut along the shaft, so z is the shaft axis and x and y are the
    nearest anatomical directions.

    Parameters
    ----------
    shape
        Number of voxels along x, y, z.
    spacing
        Edge of a voxel [m].
    origin
        Centre of voxel (0, 0, 0) [m].
    """

    shape: tuple[int, int, int]
    spacing: float
    origin: tuple[float, float, float]

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel [m^3]."""
        return self.spacing**3

    @property
    def size(self) -> int:
        """Number of voxels."""
        nx, ny, nz = self.shape
        return nx * ny * nz

    def axis(self, which: int) -> NDArray[np.float64]:
        """Return voxel centres along one axis, (n,) [m]."""
        return self.origin[which] + self.spacing * np.arange(self.shape[which], dtype=np.float64)

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the coordinates of the voxel centres, three arrays that broadcast [m]."""
        x, y, z = (self.axis(i) for i in range(3))
        return x[:, None, None], y[None, :, None], z[None, None, :]

    def affine_ras_mm(self) -> NDArray[np.float64]:
        """Return the 4 x 4 affine from voxel index to RAS millimetres, as NIfTI wants it."""
        step = self.spacing * 1e3
        affine = np.diag([-step, -step, step, 1.0])
        affine[:3, 3] = np.array(self.origin) * 1e3 * np.array([-1.0, -1.0, 1.0])
        return affine
