"""Owns the anatomy of a site cut from a CT: its kept files on the grid of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.case.anatomy import Anatomy
from trephine.case.settings import Settings
from trephine.case.site import Gap, Site
from trephine.core.errors import InputError
from trephine.core.grid import Grid
from trephine.intake.lesion import (
    SUBSAMPLES,
    Array,
    callus_reach,
    inside,
    lesion_grid,
    slab_share,
    subsamples,
    tissue_shares,
    voxel_mean,
    without_residue,
)
from trephine.intake.parameters import parameters
from trephine.intake.scan import BONE, CANAL, METAL, Kept, averaged, read
from trephine.intake.sections import filled_sections
from trephine.intake.tissues import TissueParameters

Mask = NDArray[np.bool_]

BLUR = 2.0
"""Kept voxels on each side of a real gap that a scan may blur its ends over [-]."""
NO_WHOLE_SHAFT = (
    "the kept part of the scan shows no whole shaft beyond the gap; run the intake again with a "
    "longer --half-length"
)


@dataclass(frozen=True)
class Outlines:
    """Where the shaft is, and would be if it had no gap; masks (x, y, z) on the kept grid.

    Parameters
    ----------
    periosteal, endosteal
        Inside the outer and the inner surface.
    metal
        Inside an implant.
    bone
        Share of each voxel that is bone [-]; next to a real gap told by its CT number.
    """

    periosteal: Mask
    endosteal: Mask
    metal: Mask
    bone: Array


def scan_anatomy(site: Site, settings: Settings, p: TissueParameters) -> Anatomy:
    """Return what fills each voxel around the gap of a site cut from a CT.

    Shares are means over the kept voxels, so volumes are kept at any voxel size. A virtual gap is
    cut out of the bone; in a real one the outlines are carried across it by interpolating
    the signed distance between the sections next to it. A nail is taken from the image where
    the image shows metal; else its cylinder lies on the axis.

    Parameters
    ----------
    site
        A site with ``scan``.
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
        If the files are missing, changed or too small, the nail is wider than the canal, or the
        gap is said to be real and the image shows bone across it.
    """
    if site.scan is None:
        raise ValueError("the site has no scan")
    kept = read(site.scan)
    shape = outlines(kept, site.gap, p)
    outer, canal = radii(kept, shape, site.gap)
    nail = None if shape.metal.any() else site.fixation.nail_diameter
    check_nail(nail, 2 * canal)
    grid = _grid(kept, shape, site, settings)
    metal = averaged(shape.metal, kept.grid, grid)
    if nail is not None:
        metal = np.maximum(metal, _cylinder(grid, nail / 2))
    slab = _slab(grid, site.gap)
    endosteal = np.maximum(averaged(shape.endosteal, kept.grid, grid), metal)
    periosteal = np.maximum(averaged(shape.periosteal, kept.grid, grid), endosteal)
    near = np.maximum(
        averaged(_near(kept, shape, site.gap, settings, p), kept.grid, grid), periosteal
    )
    parts = tissue_shares(periosteal, endosteal, metal, near, slab)
    if not site.gap.virtual:
        parts = _as_seen(parts, averaged(shape.bone, kept.grid, grid), periosteal - metal)
    return Anatomy(
        grid=grid,
        **without_residue(parts),
        hounsfield=_day_zero(kept, shape, grid, slab if site.gap.virtual else 0.0 * slab, p),
        outer_radius=outer,
        canal_radius=canal,
        gap_width=site.gap.width,
        tilt=site.gap.tilt,
        virtual=site.gap.virtual,
    )


def check_nail(nail: float | None, canal: float) -> None:
    """Refuse a nail [m] that is wider than the canal [m]."""
    if nail is not None and nail > canal:
        raise InputError(
            f"the nail ({nail * 1e3:.3g} mm) is wider than the canal ({canal * 1e3:.3g} mm) at the "
            "gap; give a thinner nail_diameter"
        )


def outlines(kept: Kept, gap: Gap, p: TissueParameters) -> Outlines:
    """Return the outlines of the shaft, carried across a real gap.

    Raises
    ------
    InputError
        If there is no shaft beyond the gap to carry them from, or no gap where a real one
        is said to be.
    """
    bone, metal = kept.labels == BONE, kept.labels == METAL
    periosteal = filled_sections(bone | (kept.labels == CANAL))
    endosteal = periosteal & ~bone
    if not periosteal.any() or not endosteal.any():
        raise InputError("the labels of the scan hold no shaft with a canal; run the intake again")
    if gap.virtual:
        return Outlines(periosteal, endosteal, metal, bone.astype(float))
    z = kept.grid.axis(2)
    reach = _reach(kept, periosteal, np.abs(z) < z[-1])[1]
    near = gap.width / 2 + BLUR * kept.grid.spacing
    broken = np.abs(z) < near + reach * np.tan(abs(gap.tilt))
    periosteal = _carried(periosteal, broken)
    endosteal = _carried(endosteal, broken) & periosteal
    wall = periosteal & ~endosteal
    beside = _beside_gap(kept, near, gap)
    share = np.where(beside, wall * _bone_share(kept, broken, p), bone)
    core = wall * slab_share(kept.grid, gap.width / 2, gap.tilt, kept.grid.axis(1))
    if (core * share).sum() > 0.5 * core.sum():
        raise InputError(
            "the scan shows bone across the gap; for a gap placed in an intact shaft write "
            "site.gap.virtual = true"
        )
    return Outlines(periosteal, endosteal, metal, share)


def _beside_gap(kept: Kept, near: float, gap: Gap) -> Mask:
    """Return the voxels whose distance from the middle of the gap along the shaft is small."""
    _, y, z = kept.grid.centres()
    beside: Mask = np.broadcast_to(np.abs(z - y * np.tan(gap.tilt)) < near, kept.grid.shape)
    return beside


def _bone_share(kept: Kept, broken: Mask, p: TissueParameters) -> Array:
    """Return the share of bone by CT number: 0 in fibrous tissue, 1 as in the whole sections.

    A voxel that the end of a fragment crosses counts for what it holds, where a threshold would
    count it as bone and make the gap narrower; so does a callus that is half as dense.
    """
    soft = p.hounsfield["fibrous"]
    low, high = _whole_sections(broken)
    along = np.clip((np.arange(broken.size) - low) / (high - low), 0.0, 1.0)
    below, above = (kept.hounsfield[:, :, k, None] for k in (low, high))
    whole = np.maximum(below + (above - below) * along, parameters().bone_threshold)
    share: Array = np.clip((kept.hounsfield - soft) / (whole - soft), 0.0, 1.0)
    return share


def _whole_sections(broken: Mask) -> tuple[int, int]:
    """Return the last whole section below the broken ones and the first above them."""
    rows = np.flatnonzero(broken)
    low, high = int(rows[0]) - 1, int(rows[-1]) + 1
    if low < 0 or high >= broken.size:
        raise InputError(NO_WHOLE_SHAFT)
    return low, high


def _carried(mask: Mask, broken: Mask) -> Mask:
    """Return a mask with its broken sections interpolated between the nearest whole ones."""
    low, high = _whole_sections(broken)
    if not (mask[:, :, low].any() and mask[:, :, high].any()):
        raise InputError(NO_WHOLE_SHAFT)
    below, above = (_depth(mask[:, :, k]) for k in (low, high))
    result = mask.copy()
    for k in range(low + 1, high):
        share = (k - low) / (high - low)
        result[:, :, k] = (1 - share) * below + share * above > 0
    return result


def _depth(mask: Mask) -> Array:
    """Return the signed distance into a mask, half a voxel at its border [voxel]."""
    inner = ndimage.distance_transform_edt(mask)
    outer = ndimage.distance_transform_edt(~mask)
    depth: Array = np.where(mask, inner - 0.5, 0.5 - outer)
    return depth


def _reach(kept: Kept, outline: Mask, rows: Mask) -> tuple[float, float]:
    """Return how far the outline reaches from the axis along x and y [m]."""
    half = kept.grid.spacing / 2
    flat = np.any(outline[:, :, rows], axis=2)
    across = np.abs(kept.grid.axis(0)[np.any(flat, axis=1)])
    down = np.abs(kept.grid.axis(1)[np.any(flat, axis=0)])
    return float(across.max(initial=0.0)) + half, float(down.max(initial=0.0)) + half


def radii(kept: Kept, shape: Outlines, gap: Gap) -> tuple[float, float]:
    """Return the mean periosteal and endosteal radius at the gap [m].

    Raises
    ------
    InputError
        If no canal is enclosed there.
    """
    rows = np.abs(kept.grid.axis(2)) < max(gap.width / 2, 1.5 * kept.grid.spacing)
    area = kept.grid.spacing**2
    outer, canal = (
        float(np.sqrt(mask[:, :, rows].sum(axis=(0, 1)).mean() * area / np.pi))
        for mask in (shape.periosteal, shape.endosteal)
    )
    if canal == 0.0:
        raise InputError(
            "no canal is enclosed by bone at the gap; give a level on the shaft, where the cortex "
            "is closed"
        )
    return outer, canal


def _grid(kept: Kept, shape: Outlines, site: Site, settings: Settings) -> Grid:
    """Return the grid of a run, refusing one that the kept files do not cover."""
    z = np.abs(kept.grid.axis(2))
    whole = _reach(kept, shape.periosteal, z < 0.01)
    needed = site.gap.width / 2 + whole[1] * np.tan(abs(site.gap.tilt)) + settings.margin_axial
    grid = lesion_grid(_reach(kept, shape.periosteal, z <= needed), site, settings)
    for axis, (name, setting) in enumerate(
        (("x", "margin_radial"), ("y", "margin_radial"), ("z", "margin_axial"))
    ):
        wants = grid.shape[axis] * grid.spacing / 2
        holds = kept.grid.shape[axis] * kept.grid.spacing / 2
        if wants > holds + 1e-9:
            raise InputError(
                f"the run needs {wants * 1e3:.1f} mm of the scan on each side of the gap along "
                f"{name}, the files beside the case hold {holds * 1e3:.1f} mm; lower {setting} or "
                "run the intake again with a larger cut"
            )
    return grid


def _cylinder(grid: Grid, radius: float) -> Array:
    """Return the share of each voxel in a cylinder on the axis [-]."""
    x, y = subsamples(grid, 0)[:, None], subsamples(grid, 1)[None, :]
    share = voxel_mean(inside(np.hypot(x, y) - radius, grid.spacing / SUBSAMPLES))
    return np.broadcast_to(share[:, :, None], grid.shape).copy()


def _slab(grid: Grid, gap: Gap) -> Array:
    """Return the share of each voxel that lies between the planes of the gap, (x, y, z) [-]."""
    share = slab_share(grid, gap.width, gap.tilt, subsamples(grid, 1))
    mean = share.reshape(grid.shape[1], SUBSAMPLES, grid.shape[2]).mean(axis=1)
    return np.broadcast_to(mean[None], grid.shape).copy()


def _near(kept: Kept, shape: Outlines, gap: Gap, settings: Settings, p: TissueParameters) -> Array:
    """Return the share of each kept voxel within the body and within reach of callus [-]."""
    reach = callus_reach(kept.grid.axis(2), gap.width, p)
    away = (ndimage.distance_transform_edt(~shape.periosteal) - 0.5) * kept.grid.spacing
    body = kept.hounsfield > parameters().skin
    near = inside(away - np.minimum(reach, settings.margin_radial), kept.grid.spacing)
    share: Array = np.where(reach > 0, near * body, 0.0)
    return share


def _as_seen(parts: dict[str, Array], seen: Array, room: Array) -> dict[str, Array]:
    """Return the shares with the bone as the image shows it and the gap filling the rest."""
    wall = parts["bone"] + parts["cortex_removed"]
    bone = np.minimum(seen, wall)
    canal = np.minimum(parts["canal"], room - bone)
    return {
        **parts,
        "bone": bone,
        "canal": canal,
        "gap": room - bone - canal,
        "cortex_removed": wall - bone,
    }


def _day_zero(
    kept: Kept, shape: Outlines, grid: Grid, removed: Array, p: TissueParameters
) -> Array:
    """Return the CT number at day 0: as scanned, marrow for metal, tissue in a virtual gap."""
    clean = np.where(shape.metal, p.hounsfield["marrow"], kept.hounsfield)
    within = averaged(shape.periosteal * clean, kept.grid, grid)
    filling = averaged(shape.periosteal, kept.grid, grid) * p.hounsfield["fibrous"]
    number: Array = averaged(clean, kept.grid, grid) + removed * (filling - within)
    return number
