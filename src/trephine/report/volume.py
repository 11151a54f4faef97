"""Owns the solid picture: bone, implant, gap and callus as small volumes the page can turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trephine.case.run import Run
from trephine.core.types import Voxels
from trephine.report.frames import FILLING, Frames, composition
from trephine.report.pack import Pack

LARGEST_EDGE = 72
"""Volumes are averaged over whole blocks of voxels until no edge is longer."""


def block(shape: tuple[int, int, int], largest: int = LARGEST_EDGE) -> int:
    """Return the edge of the blocks to average over, in voxels."""
    return -(-max(shape) // largest)


def averaged(values: Voxels, edge: int) -> Voxels:
    """Return means over cubic blocks; the last blocks are filled up with what borders them."""
    if edge == 1:
        return values
    pad = [(0, -n % edge) for n in values.shape]
    full = np.pad(values, pad, mode="edge")
    nx, ny, nz = (n // edge for n in full.shape)
    mean: Voxels = full.reshape(nx, edge, ny, edge, nz, edge).mean(axis=(1, 3, 5))
    return mean


def levels(values: Voxels) -> NDArray[np.uint8]:
    """Return fractions as 0 to 252 in steps of 4, with x fastest as a texture wants it."""
    coarse = np.rint(np.clip(values, 0, 1) * 63) * 4
    return np.ascontiguousarray(coarse.astype(np.uint8).transpose(2, 1, 0))


def put_volumes(run: Run, frames: Frames, pack: Pack) -> dict[str, list[float]]:
    """Put what stays and what grows into a pack, and return the size of the volume.

    ``volume_site`` is (z, y, x, 3): bone, implant, gap. ``volume_tissue`` is (frame, z, y, x, 4):
    mineralised woven bone, woven bone without mineral, cartilage and lamellar new bone, per
    volume of voxel.

    Returns
    -------
    dict
        ``millimetres``, the edges of the volume along x, y and z; ``voxel``, the edge of one.
    """
    anatomy, grid = run.anatomy, run.anatomy.grid
    edge = block(grid.shape)
    site = [levels(averaged(v, edge)) for v in (anatomy.bone, anatomy.metal, anatomy.gap)]
    pack.add("volume_site", np.stack(site, axis=-1), block="solid")
    fields = run.course.fields
    grown = []
    for index in frames.snapshot:
        parts = composition({n: fields[n][index] for n in FILLING if n in fields})
        wanted = ("mineralised", "osteoid", "cartilage", "lamellar")
        grown.append(
            np.stack([levels(averaged(parts[n] * anatomy.open, edge)) for n in wanted], axis=-1)
        )
    pack.add("volume_tissue", np.stack(grown), over_time=True, block="solid")
    voxel = grid.spacing * 1e3 * edge
    nz, ny, nx = site[0].shape
    return {"millimetres": [nx * voxel, ny * voxel, nz * voxel], "voxel": [voxel]}
