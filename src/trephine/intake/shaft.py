"""Owns the idealised shaft on a grid: an elliptic, slightly uneven tube with a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.settings import Settings
from trephine.case.site import Shaft, Site
from trephine.core.errors import InputError
from trephine.intake.lesion import (
    PARTS,
    SUBSAMPLES,
    callus_reach,
    inside,
    lesion_grid,
    slab_share,
    subsamples,
    tissue_shares,
    voxel_mean,
    without_residue,
)
from trephine.intake.tissues import TissueParameters

Array = NDArray[np.float64]

# Waves of the uneven surface: (turns around the shaft, length along it [m], share, phase).
# The shares of a surface add to one, so its amplitude is at most the roughness; the lengths
# are no multiples of each other, so no two sections are alike.
PERIOSTEAL_WAVES = ((2, 0.061, 0.45, 0.3), (3, 0.037, 0.35, 1.9), (5, 0.023, 0.20, 4.1))
ENDOSTEAL_WAVES = ((2, 0.053, 0.50, 2.7), (3, 0.031, 0.30, 5.2), (4, 0.019, 0.20, 0.8))


@dataclass(frozen=True)
class Surface:
    r"""An elliptic tube along z with an uneven wall.

    .. math:: \rho = \sqrt{(x/a)^2 + (y/b)^2}, \qquad
              \rho_s(\varphi, z) =
              \frac{1 + q \sum_n c_n \cos(n\varphi + 2\pi z/\lambda_n + \psi_n)}
              {\sqrt{1 + q^2 \sum_n c_n^2 / 2}}

    The area of every section is :math:`\pi a b`, whatever the roughness :math:`q`.

    Parameters
    ----------
    radius
        Mean radius :math:`\sqrt{a b}` [m].
    ovality
        Ratio of the axis from front to back to the other, :math:`b / a` [-].
    roughness
        Amplitude :math:`q` of the unevenness as a fraction of the radius [-].
    waves
        Turns, length [m], share and phase of each wave.
    """

    radius: float
    ovality: float
    roughness: float
    waves: tuple[tuple[int, float, float, float], ...]

    @property
    def reach(self) -> tuple[float, float]:
        """Bounds of the half-widths along x and y [m]."""
        stretch = self.radius * (1.0 + self.roughness)
        return stretch / self.ovality**0.5, stretch * self.ovality**0.5

    def distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the wall, to first order, negative inside [m]."""
        a, b = self.radius / self.ovality**0.5, self.radius * self.ovality**0.5
        rho = np.hypot(x / a, y / b)
        steepness = np.hypot(x / a**2, y / b**2) / np.maximum(rho, 1e-12)
        steepness = np.where(rho > 1e-9, steepness, 1.0 / max(a, b))
        angle = np.arctan2(y / b, x / a)
        uneven = np.zeros(np.broadcast_shapes(np.shape(angle), np.shape(z)))
        for turns, length, share, phase in self.waves:
            uneven += share * np.cos(turns * angle + 2.0 * np.pi * z / length + phase)
        area = 1.0 + self.roughness**2 * sum(share**2 for _, _, share, _ in self.waves) / 2.0
        wall = (1.0 + self.roughness * uneven) / np.sqrt(area)
        gap: Array = (rho - wall) / steepness
        return gap


def surfaces(shaft: Shaft) -> tuple[Surface, Surface]:
    """Return the periosteal and the endosteal surface of an idealised shaft.

    Both have the same ovality. The canal keeps the mean diameter that the case states.

    Raises
    ------
    InputError
        If the unevenness could break the canal through the cortex.
    """
    outer, canal = shaft.outer_diameter / 2, shaft.canal_diameter / 2
    if canal * (1 + shaft.roughness) >= outer * (1 - shaft.roughness):
        raise InputError(
            f"a roughness of {shaft.roughness:.3g} would break the canal "
            f"({shaft.canal_diameter * 1e3:.3g} mm) through the cortex "
            f"({shaft.outer_diameter * 1e3:.3g} mm outside); lower site.shaft.roughness or "
            "site.shaft.canal_diameter"
        )
    return (
        Surface(outer, shaft.ovality, shaft.roughness, PERIOSTEAL_WAVES),
        Surface(canal, shaft.ovality, shaft.roughness, ENDOSTEAL_WAVES),
    )


def shaft_anatomy(site: Site, settings: Settings, p: TissueParameters) -> Anatomy:
    """Return what fills each voxel around the gap of an idealised shaft.

    Volumes and widths are those of the case at any voxel size (to about 0.1 %): every voxel is
    sampled at 4 x 4 points across, softened over one sample, and the gap is integrated exactly
    along the shaft. A nail fills its cylinder on the axis of the shaft, in the gap too; where the
    canal is locally narrower, the nail stands in reamed bone. Other implants lie outside the grid.

    Parameters
    ----------
    site
        A site with ``shaft``.
    settings
        Voxel and margins.
    p
        CT numbers and the reach of callus.

    Returns
    -------
    Anatomy
        Fractions (x, y, z) [-]; the fracture is centred on the origin.

    Raises
    ------
    InputError
        If the unevenness could break the canal through the cortex.
    """
    if site.shaft is None:
        raise ValueError("the site has no idealised shaft")
    outer, canal = surfaces(site.shaft)
    grid = lesion_grid(outer.reach, site, settings)
    x, y = subsamples(grid, 0)[:, None], subsamples(grid, 1)[None, :]
    sample = grid.spacing / SUBSAMPLES
    nail = site.fixation.nail_diameter
    metal = inside(np.hypot(x, y) - nail / 2, sample) if nail else np.zeros((x.size, y.size))
    spindle = np.minimum(callus_reach(grid.axis(2), site.gap.width, p), settings.margin_radial)
    slab = slab_share(grid, site.gap.width, site.gap.tilt, y)
    parts = {name: np.zeros(grid.shape) for name in PARTS}
    for k, z in enumerate(grid.axis(2)):
        far = outer.distance(x, y, z)
        periosteal = np.maximum(inside(far, sample), metal)
        endosteal = np.maximum(inside(canal.distance(x, y, z), sample), metal)
        layer = tissue_shares(
            periosteal, endosteal, metal, inside(far - spindle[k], sample), slab[..., k]
        )
        for name in PARTS:
            parts[name][..., k] = voxel_mean(layer[name])
    parts = without_residue(parts)
    return Anatomy(
        grid=grid,
        **parts,
        hounsfield=day_zero(parts, p),
        outer_radius=outer.radius,
        canal_radius=canal.radius,
        gap_width=site.gap.width,
        tilt=site.gap.tilt,
        virtual=site.gap.virtual,
    )


def day_zero(parts: dict[str, Array], p: TissueParameters) -> Array:
    """Return the CT number of each voxel at day 0, with marrow where the implant is [HU]."""
    known = parts["bone"] + parts["canal"] + parts["gap"] + parts["metal"]
    number: Array = (
        parts["bone"] * p.hounsfield["cortex"]
        + (parts["canal"] + parts["metal"]) * p.hounsfield["marrow"]
        + parts["gap"] * p.hounsfield["fibrous"]
        + (1.0 - known) * p.hounsfield["muscle"]
    )
    return number
