"""Owns the site on the grid after an operation: a narrower gap, another nail; the grid stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.fixation import Fixation
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.intake.lesion import SUBSAMPLES, slab_share, subsamples
from trephine.intake.site import anatomy as place

Array = NDArray[np.float64]


def with_implants(
    anatomy: Anatomy, site: Site, holds: tuple[Fixation, ...], settings: Settings
) -> Anatomy:
    """Return a site with the nail among some implants in place of the one there, gap as of day 0.

    The metal of a scan stays as the image shows it.
    """
    if site.shaft is None:
        return anatomy
    nail = next((one for one in holds if one.nail_diameter is not None), holds[0])
    document = site.as_written() | {"fixation": nail.as_written()}
    widest = max(nail.nail_diameter or 0.0, site.shaft.canal_diameter)
    # A nail as wide as the canal or wider stands in reamed bone.
    document["shaft"]["canal_diameter"] = f"{widest * 1e3!r} mm"
    return place(type(site).model_validate(document), settings)


def narrowed(anatomy: Anatomy, width: float) -> Anatomy:
    r"""Return a site whose bone ends have come closer; the grid and what lies around stay.

    .. math:: g' = \kappa g, \quad \kappa = \frac{|S'|}{|S|}

    with the share of a voxel within the slab of the gap before, :math:`S`, and after,
    :math:`S'`, about the same middle. Cortex and canal take the rest: in the frame of the gap
    the bone ends grow by what it lost, as if the far ends of the bone moved and not the near.

    Parameters
    ----------
    anatomy
        The site.
    width
        New distance between the bone ends, at most the old one [m].

    Raises
    ------
    ValueError
        If the gap would become wider.
    """
    if width > anatomy.gap_width * (1.0 + 1e-9):
        raise ValueError("an operation closes a gap and never widens it")
    before = _slab(anatomy, anatomy.gap_width)
    after = _slab(anatomy, width)
    kept = np.clip(np.divide(after, before, out=np.zeros_like(after), where=before > 0.0), 0.0, 1.0)
    gap, removed = anatomy.gap * kept, anatomy.cortex_removed * kept
    cortex = anatomy.cortex_removed - removed
    return replace(
        anatomy,
        gap=gap,
        cortex_removed=removed,
        bone=anatomy.bone + cortex,
        canal=anatomy.canal + np.maximum(anatomy.gap - gap - cortex, 0.0),
        gap_width=width,
    )


def _slab(anatomy: Anatomy, width: float) -> Array:
    """Return the share of each voxel within the slab of a gap, (1, y, z)."""
    y = subsamples(anatomy.grid, 1)
    fine = slab_share(anatomy.grid, width, anatomy.tilt, y)
    mean: Array = fine.reshape(1, -1, SUBSAMPLES, fine.shape[-1]).mean(axis=2)
    return mean
