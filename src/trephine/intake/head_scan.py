"""Owns the density of a femoral head from a CT, turned to the direction of the hip force."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trephine.case.hip import HeadScan
from trephine.core.errors import InputError, Problem
from trephine.core.grid import Grid
from trephine.intake.ct import read
from trephine.intake.tissues import tissues

Array = NDArray[np.float64]
LEAST, MOST = 0.2, 2.5
"""Bounds of the relative density: noise and partial volume go beyond them."""
WITHIN = 0.88
"""Share of the radius within which the middle of the head's CT numbers is taken."""


def relative_density(
    scan: HeadScan, grid: Grid, medial: float, radius: float, force_tilt: float
) -> tuple[Array, str]:
    r"""Return the density of a head on a CT over its own median, (x, y, z) [-], and its source.

    .. math:: d = \frac{H - H_m}{\mathrm{median}(H) - H_m}

    with the CT number :math:`H` and that of marrow :math:`H_m`, held between 0.2 and 2.5. How
    dense a head is beside other people's is not told by it: CT numbers of scanners differ.

    Parameters
    ----------
    scan
        File and centre of the head.
    grid
        Where the density is wanted.
    medial
        Sign of the x axis towards the body's middle.
    radius
        Of the head [m].
    force_tilt
        Angle of the hip force from the body's axis [rad].

    Raises
    ------
    InputError
        If the scan cannot be read, the centre lies outside it, or it holds no bone there.
    """
    volume = read(scan.ct)
    centre = volume.position(np.asarray(scan.centre))
    if not all(0 <= c < n for c, n in zip(scan.centre, volume.hounsfield.shape, strict=True)):
        shape = " x ".join(map(str, volume.hounsfield.shape))
        text = f"{scan.centre} lies outside the scan of {shape} voxels"
        raise InputError("the head is not on the scan", [Problem("site.scan.centre", text)])
    up = -1.0 if scan.upside_down else 1.0
    x, y, z = np.broadcast_arrays(*grid.centres())
    tilt = medial * force_tilt
    left = np.cos(tilt) * x + np.sin(tilt) * z
    head = np.cos(tilt) * z - np.sin(tilt) * x
    place = centre + np.stack([left, y, up * head], axis=-1)
    number = volume.sample(place, outside=float("nan"))
    inside = np.sqrt(x * x + y * y + z * z) <= WITHIN * radius
    if not np.isfinite(number[inside]).all():
        text = "the head is cut off by the edge of the scan"
        raise InputError("the head is not on the scan", [Problem("site.scan.centre", text)])
    marrow = tissues().hounsfield["marrow"]
    middle = float(np.median(number[inside]))
    if middle < marrow + 50.0:
        text = f"the median there is {middle:.0f} HU, which is no bone"
        raise InputError("the head is not on the scan", [Problem("site.scan.centre", text)])
    known = np.where(np.isfinite(number), number, middle)
    density = np.clip((known - marrow) / (middle - marrow), LEAST, MOST)
    return density, f"density of the head from a CT ({volume.source}); sphere and neck idealised"
