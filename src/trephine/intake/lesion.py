"""Owns the grid around a lesion, and the shares of tissue in its voxels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.core.errors import InputError
from trephine.core.grid import Grid
from trephine.intake.tissues import TissueParameters

Array = NDArray[np.float64]

SUBSAMPLES = 4
"""Samples of a voxel along x and along y; along z the gap is integrated exactly."""
MOST_VOXELS = 8_000_000
"""Largest grid around a lesion; at some 60 fields of double precision it fills 4 GB."""
RESIDUE = 1e-9
"""Share of a voxel below which there is nothing but rounding [-]."""
PARTS = ("bone", "metal", "canal", "gap", "callus", "cortex_removed")
"""Arrays of an anatomy that hold shares of a voxel."""


def centred_grid(half_widths: tuple[float, float, float], voxel: float, multiple: int = 2) -> Grid:
    """Return a grid of cubic voxels, symmetric about the origin, that covers the half-widths [m].

    The number of voxels along each axis is even, so that a face lies in the origin, and a
    multiple of the even number ``multiple``.

    Raises
    ------
    InputError
        If that takes more voxels than a computer holds.
    """
    step = multiple // 2
    half = [step * int(np.ceil(width / voxel / step - 1e-9)) for width in half_widths]
    shape = (2 * half[0], 2 * half[1], 2 * half[2])
    if math.prod(shape) > MOST_VOXELS:
        sides = " x ".join(f"{2e3 * width:.4g}" for width in half_widths)
        raise InputError(
            f"voxels of {voxel * 1e3:.3g} mm in {sides} mm around the gap are "
            f"{math.prod(shape):.2g}, more than {MOST_VOXELS:.2g}; take larger voxels"
        )
    low = [-(n - 0.5) * voxel for n in half]
    return Grid(shape=shape, spacing=voxel, origin=(low[0], low[1], low[2]))


def lesion_grid(reach: tuple[float, float], site: Site, settings: Settings) -> Grid:
    """Return the grid around a lesion whose bone reaches ``reach`` along x and y [m].

    Along the shaft it holds the tilted gap and ``margin_axial`` of bone beyond each end of it;
    across, ``margin_radial`` of soft tissue and one voxel of border. It is rounded up as the
    settings say.
    """
    gap = site.gap
    axial = gap.width / 2 + reach[1] * np.tan(abs(gap.tilt)) + settings.margin_axial
    around = settings.margin_radial + settings.voxel
    wanted = (reach[0] + around, reach[1] + around, float(axial))
    # What is cut from a scan has an end, and a trial on one scan has one grid anyway.
    multiple = 2 if settings.sides is None or site.scan is not None else settings.sides
    return centred_grid(wanted, settings.voxel, multiple)


def slab_share(grid: Grid, width: float, tilt: float, y: Array) -> Array:
    r"""Return the share of each voxel's height that lies in the gap, at given depths.

    The gap is :math:`|z - y \tan\theta| < w/2`: its width is measured along the shaft.

    Parameters
    ----------
    grid
        The grid.
    width
        Width :math:`w` of the gap along the shaft [m].
    tilt
        Angle :math:`\theta` of the gap about the x axis [rad].
    y
        Depths, any shape [m].

    Returns
    -------
    Array
        Shares, the shape of ``y`` and then (z,) [-]; exact for each depth.
    """
    middle = np.asarray(y)[..., None] * np.tan(tilt)
    z = grid.axis(2)
    top = np.minimum(z + grid.spacing / 2, middle + width / 2)
    bottom = np.maximum(z - grid.spacing / 2, middle - width / 2)
    share: Array = np.clip((top - bottom) / grid.spacing, 0.0, 1.0)
    return share


def subsamples(grid: Grid, which: int, count: int = SUBSAMPLES) -> Array:
    """Return ``count`` evenly spaced points in each voxel along one axis, (n * count,) [m]."""
    offsets = ((np.arange(count) + 0.5) / count - 0.5) * grid.spacing
    points: Array = (grid.axis(which)[:, None] + offsets).reshape(-1)
    return points


def voxel_mean(fine: Array, count: int = SUBSAMPLES) -> Array:
    """Return the mean over the subsamples of each voxel in the first two axes."""
    nx, ny = fine.shape[0] // count, fine.shape[1] // count
    mean: Array = fine.reshape(nx, count, ny, count, *fine.shape[2:]).mean(axis=(1, 3))
    return mean


def inside(distance: Array, width: float) -> Array:
    """Return the share of a sample of a given width [m] that lies inside a surface [-]."""
    share: Array = np.clip(0.5 - distance / width, 0.0, 1.0)
    return share


def tissue_shares(
    periosteal: Array, endosteal: Array, metal: Array, near: Array, slab: Array
) -> dict[str, Array]:
    """Return the share of each tissue from nested outlines and the share in the gap.

    Parameters
    ----------
    periosteal, endosteal, metal, near
        Share inside the periosteum, inside the endosteum, inside the implant and within reach
        of callus, each at least as large as what it encloses [-].
    slab
        Share of the height in the gap [-].

    Returns
    -------
    dict
        Shares by part; all but ``cortex_removed`` add up to ``near`` or ``periosteal``.
    """
    wall = np.maximum(periosteal - endosteal, 0.0)
    return {
        "bone": wall * (1.0 - slab),
        "metal": metal,
        "canal": np.maximum(endosteal - metal, 0.0) * (1.0 - slab),
        "gap": np.maximum(periosteal - metal, 0.0) * slab,
        "callus": np.maximum(near - periosteal, 0.0),
        "cortex_removed": wall * slab,
    }


def without_residue(parts: dict[str, Array]) -> dict[str, Array]:
    """Return the shares with those that rounding left in place of nothing set to nothing."""
    return {name: np.where(share < RESIDUE, 0.0, share) for name, share in parts.items()}


def callus_reach(z: Array, width: float, p: TissueParameters) -> Array:
    r"""Return how far from the periosteum callus may form along the shaft, (z,) [m].

    .. math:: t(z) = t_0 \sqrt{1 - \left(\frac{z}{w/2 + L}\right)^2}

    A spindle around the gap of width :math:`w`; zero beyond a length :math:`L` from its ends.
    """
    along = np.abs(z) / (width / 2 + p.callus_length)
    reach: Array = p.callus_reach * np.sqrt(np.maximum(1.0 - along**2, 0.0))
    return reach
