"""Owns the femoral head on a grid: sphere, neck, cartilage and socket, and the dead bone in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from trephine.case.head_anatomy import HeadAnatomy
from trephine.case.hip import FemoralHead, Lesion
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError, Problem
from trephine.core.grid import Grid
from trephine.models.necrosis_parameters import NecrosisParameters
from trephine.models.reading import Reading

Array = NDArray[np.float64]
SUBSAMPLES = 4
BELOW = 1.33
"""Bone below the centre that is computed, in radii of the head."""
SOCKET = 4e-3
"""Bone of the socket above the cartilage that is computed [m]."""


@cache
def printed() -> NecrosisParameters:
    """Return the numbers of the catalogue as printed."""
    return Reading(catalogue()).fill(NecrosisParameters)


@dataclass(frozen=True)
class Sector:
    r"""A lesion: all of the head within an angle of an axis, down to a depth.

    .. math:: A = 2\pi R^2 (1-\cos\alpha), \quad V = \tfrac23\pi R^3(1-\cos\alpha)

    are the joint surface above it and its volume, where it reaches to the centre.

    Parameters
    ----------
    axis
        From the centre of the head to the middle of the lesion, of length one.
    half_angle
        :math:`\alpha` [rad].
    depth
        Below the joint surface [m].
    necrotic_angle
        In the mid-coronal section [rad].
    """

    axis: tuple[float, float, float]
    half_angle: float
    depth: float
    necrotic_angle: float

    def inside(self, x: Array, y: Array, z: Array, radius: float) -> Array:
        r"""Return the distance within the lesion from its border with living bone [m].

        .. math:: \min(r\sin(\alpha-\theta),\; r - (R - d))

        Negative outside. The joint surface is no border: nothing lives beyond it.
        """
        r = np.sqrt(x * x + y * y + z * z)
        along = x * self.axis[0] + y * self.axis[1] + z * self.axis[2]
        angle = np.arccos(np.clip(along / np.maximum(r, 1e-12), -1.0, 1.0))
        apart = np.clip(self.half_angle - angle, -np.pi / 2, np.pi / 2)
        sides: Array = r * np.sin(apart)
        return np.minimum(sides, r - (radius - self.depth))


def cap_area(radius: float, half_angle: float) -> float:
    r"""Return the joint surface of a cap, :math:`2\pi R^2(1-\cos\alpha)` [m^2]."""
    return float(2.0 * np.pi * radius**2 * (1.0 - np.cos(half_angle)))


def sector_volume(radius: float, half_angle: float) -> float:
    r"""Return the volume of a lesion to the centre, :math:`\tfrac23\pi R^3(1-\cos\alpha)` [m^3]."""
    return float(2.0 / 3.0 * np.pi * radius**3 * (1.0 - np.cos(half_angle)))


def bands(p: NecrosisParameters) -> dict[str, tuple[float, float]]:
    """Return how far lesions of each type reach outwards from the hip force, least and most [rad].

    The bearing surface is the part in contact; its thirds divide the types A, B and C1, and its
    outer edge C1 and C2.
    """
    edge = p.contact_half_angle
    ends = (-edge, -edge / 3.0, edge / 3.0, edge, p.lateral_end)
    return {name: (ends[n], ends[n + 1]) for n, name in enumerate(("A", "B", "C1", "C2"))}


def sector(
    lesion: Lesion, radius: float, medial: float, p: NecrosisParameters, extent: float = 0.5
) -> Sector:
    """Return the lesion that a case describes.

    Parameters
    ----------
    lesion
        Type, angle, volume or painted cap.
    radius
        Of the head [m].
    medial
        Sign of the x axis towards the body's middle.
    p
        Where lesions begin and lean.
    extent
        Where within its type a lesion lies, from 0, the least, to 1 [-].

    Raises
    ------
    InputError
        If the volume is more than the head can lose.
    """
    lean = p.anterior_tilt
    if lesion.painted is not None:
        cap = lesion.painted
        axis = _leaning(cap.medial, cap.anterior, medial)
        across = np.hypot(axis[0], axis[2])
        half = np.arccos(np.clip(np.cos(cap.half_angle) / max(across, 1e-9), -1.0, 1.0))
        return Sector(axis, cap.half_angle, min(cap.depth or radius, radius), 2.0 * float(half))
    if lesion.volume is not None:
        most = sector_volume(radius, np.radians(85.0))
        if lesion.volume > most:
            text = (
                f"{lesion.volume * 1e6:.3g} mL is more than {most * 1e6:.3g} mL, the most that a "
                "lesion of this head can take up"
            )
            raise InputError("the lesion does not fit", [Problem("site.lesion.volume", text)])
        alpha = float(np.arccos(1.0 - lesion.volume / (2.0 / 3.0 * np.pi * radius**3)))
        half = float(np.arccos(min(np.cos(alpha) / np.cos(lean), 1.0)))
    else:
        if lesion.jic is not None:
            least, largest = bands(p)[lesion.jic]
            half = 0.5 * (p.medial_edge + least + extent * (largest - least))
        else:
            half = 0.5 * float(lesion.necrotic_angle or 0.0)
        alpha = float(np.arccos(np.cos(lean) * np.cos(half)))
    return Sector(_leaning(p.medial_edge - half, lean, medial), alpha, radius, 2.0 * half)


def _leaning(inwards: float, forwards: float, medial: float) -> tuple[float, float, float]:
    """Return the direction that leans so far inwards and to the front from the z axis."""
    return (
        float(medial * np.cos(forwards) * np.sin(inwards)),
        float(-np.sin(forwards)),
        float(np.cos(forwards) * np.cos(inwards)),
    )


def head_anatomy(
    site: FemoralHead,
    voxel: float,
    *,
    p: NecrosisParameters | None = None,
    extent: float = 0.5,
) -> HeadAnatomy:
    """Return what fills each voxel of the head of a case.

    Parameters
    ----------
    site
        The head.
    voxel
        Edge of a voxel [m].
    p
        Numbers; the catalogue's as printed unless given.
    extent
        Where within its type the lesion lies, from 0 to 1 [-].

    Raises
    ------
    InputError
        If the voxel is more than a sixth of the radius, the lesion does not fit, or the scan
        cannot be used.
    """
    p = p or printed()
    radius = site.radius or p.head_radius
    if voxel > radius / 6.0:
        raise InputError(
            f"a voxel of {voxel * 1e3:.3g} mm is too coarse for a head of {radius * 1e3:.3g} mm; "
            f"take at most {radius / 6e-3:.3g} mm"
        )
    medial = -1.0 if site.side == "left" else 1.0
    lesion = sector(site.lesion, radius, medial, p, extent)
    tilt = p.neck_tilt
    neck_axis = (float(-medial * np.sin(tilt)), 0.0, float(-np.cos(tilt)))
    grid = head_grid(radius, voxel, p)
    x, y, z = (_fine(grid, axis) for axis in range(3))
    x, y, z = x[:, None, None], y[None, :, None], z[None, None, :]
    r = np.sqrt(x * x + y * y + z * z)
    in_head = r <= radius
    down = x * neck_axis[0] + z * neck_axis[2]
    beside = np.sqrt(np.maximum(r * r - down * down, 0.0))
    in_neck = ~in_head & (down > 0) & (beside <= p.neck_share * radius)
    bears = z >= r * np.cos(p.contact_half_angle)
    outer = radius + p.cartilage_thickness
    in_dead = in_head & (lesion.inside(x, y, z, radius) > 0)
    head, neck = _mean(in_head), _mean(in_neck)
    plate = _mean(in_head & (r > radius - p.plate_thickness))
    inner, source = _trabecular(site, grid, medial, radius, p)
    bone = np.maximum(head + neck, 1e-9)
    body = np.maximum(head - plate, 0.0) * inner + plate * p.plate_density + neck * p.neck_density
    cx, cy, cz = grid.centres()
    return HeadAnatomy(
        grid=grid,
        head=head,
        neck=neck,
        cartilage=_mean(bears & (r > radius) & (r <= outer)),
        socket=_mean(bears & (r > outer)),
        density=np.where(head + neck > 0, body / bone, 0.0),
        dead=_mean(in_dead),
        depth=np.asarray(lesion.inside(cx, cy, cz, radius)),
        radius=radius,
        axis=lesion.axis,
        neck_axis=neck_axis,
        half_angle=lesion.half_angle,
        lesion_depth=lesion.depth,
        necrotic_angle=lesion.necrotic_angle,
        source=source,
    )


def head_grid(radius: float, voxel: float, p: NecrosisParameters) -> Grid:
    """Return the grid around a head: a platen above the socket, and one across the neck below."""
    half = int(np.ceil(radius / voxel)) + 1
    above = int(np.ceil((radius + p.cartilage_thickness + SOCKET) / voxel))
    below = int(np.ceil(BELOW * radius / voxel))
    first = voxel / 2
    return Grid(
        (2 * half, 2 * half, above + below),
        voxel,
        (first - half * voxel, first - half * voxel, first - below * voxel),
    )


def _fine(grid: Grid, axis: int) -> Array:
    """Return the middles of the parts that a voxel is sampled at, along one axis [m]."""
    step = grid.spacing / SUBSAMPLES
    start = grid.origin[axis] - grid.spacing / 2 + step / 2
    places: Array = start + step * np.arange(grid.shape[axis] * SUBSAMPLES, dtype=np.float64)
    return places


def _mean(fine: NDArray[np.bool_]) -> Array:
    """Return the share of the samples of each voxel for which something holds, (x, y, z)."""
    nx, ny, nz = (n // SUBSAMPLES for n in fine.shape)
    parts = fine.reshape(nx, SUBSAMPLES, ny, SUBSAMPLES, nz, SUBSAMPLES)
    share: Array = parts.mean(axis=(1, 3, 5), dtype=np.float64)
    return share


def _trabecular(
    site: FemoralHead, grid: Grid, medial: float, radius: float, p: NecrosisParameters
) -> tuple[Array, str]:
    """Return the density of the bone within the head over that of typical bone, and its source."""
    if site.scan is None:
        return np.ones(grid.shape), "an idealised head: a sphere of even bone below its plate"
    # Readers of scans load slowly, and an idealised head does without them.
    from trephine.intake.head_scan import relative_density  # noqa: PLC0415

    return relative_density(site.scan, grid, medial, radius, p.force_tilt)
